import { createSessions } from "sojourn";

/** As in a project that is built where its store is not chosen. */
export const unready = createSessions({ defaults: { visits: 0 } });
