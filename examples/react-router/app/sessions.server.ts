import { createSessions } from "sojourn";
import { sqliteStore } from "sojourn/sqlite";

export const sessions = createSessions<{ visits: number }>({
  store: sqliteStore("sessions.db"),
  defaults: { visits: 0 },
  // React Router does not tell who is connected: let nothing but your proxy reach its port.
  trustProxy: "all",
});
