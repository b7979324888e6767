import { createSessions } from "sojourn";
import { sqliteStore } from "sojourn/sqlite";

export const sessions = createSessions<{ visits: number }>({
  store: sqliteStore("sessions.db"),
  defaults: { visits: 0 },
  // In production, a proxy on this machine that ends TLS. Behind one elsewhere: its address.
  trustProxy: process.env["NODE_ENV"] === "production" ? ["loopback"] : undefined,
});
