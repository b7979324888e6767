import { flashesIn, storedFlashes } from "../flask/flashes.ts";
import type { Messages } from "./session-convention.ts";

/** Messages where the other side has none: in the session's data, as pairs of category and value. */
export const OWN_MESSAGES: Messages = {
  key: "_flashes",
  read: flashesIn,
  write: storedFlashes,
};
