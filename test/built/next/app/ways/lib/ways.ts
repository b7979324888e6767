import { createSessions, memoryStore } from "sojourn";
import { nextSessions } from "sojourn/next";
import { sqliteStore } from "sojourn/sqlite";

/** In memory, so that whoever has another manager has other sessions. */
export const { sessions, openSession, withSession } = nextSessions(
  () =>
    createSessions<{ visits: number; name: string }>({
      name: "ways",
      store: memoryStore(),
      defaults: { visits: 0, name: "" },
      trustProxy: "all",
    }),
  { name: "ways" },
);

/** Sessions that nobody can load. */
export const broken = nextSessions(
  createSessions<{ seen: boolean }>({
    name: "broken",
    defaults: { seen: false },
    store: sqliteStore("/nowhere/sessions.db"),
    trustProxy: "all",
  }),
);
