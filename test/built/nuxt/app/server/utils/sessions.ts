import { createSessions, memoryStore } from "sojourn";

export const sessions = createSessions<{ visits: number }>({
  store: memoryStore(),
  defaults: { visits: 0 },
  trustProxy: ["loopback"],
});
