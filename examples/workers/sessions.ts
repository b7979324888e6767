import { createSessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";

// A Worker has no file and keeps no memory: the sessions travel sealed in their visitors' cookies.
export const sessions = createSessions<{ visits: number }>({
  // With a database that it can reach, that one as revocations: then a sign-out ends copies, too.
  store: cookieStore({
    revocations: "none: a copied cookie works until it expires, signed out or not",
  }),
  // One for each line; npx sojourn secret makes one. The first seals, all open.
  keys: (process.env["SESSION_KEYS"] ?? "").split(/\s+/).filter(Boolean),
  defaults: { visits: 0 },
});
