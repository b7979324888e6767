import { createSessions } from "sojourn";
import { nextSessions } from "sojourn/next";
import { sqliteStore } from "sojourn/sqlite";

export const { sessions, openSession, withSession } = nextSessions(() =>
  createSessions<{ visits: number }>({
    store: sqliteStore("sessions.db"),
    defaults: { visits: 0 },
    // Right where nothing but your proxy, which ends TLS, can reach `next start`.
    trustProxy: "all",
  }),
);
