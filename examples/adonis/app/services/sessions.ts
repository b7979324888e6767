import { createSessions } from "sojourn";
import { sqliteStore } from "sojourn/sqlite";

export const sessions = createSessions<{ visits: number }>({
  store: sqliteStore("sessions.db"),
  defaults: { visits: 0 },
  // A proxy on this machine that ends TLS. Behind one elsewhere: its address.
  trustProxy: ["loopback"],
});
