import type { StoreProfile } from "../../core/store.ts";

/** How far cookies keep the laws. */
export const COOKIE_PROFILE: StoreProfile = Object.freeze({
  scope: "network",
  durability: "process",
  readYourWrites: "bounded",
  eviction: "any",
  caveats: Object.freeze([
    "Two requests that change a session at the same time are not merged: the response that comes " +
      "last replaces what the other one stored, counters included.",
    "What is consumed is consumed once per cookie, not once: a copy of it still has the value.",
    "Whoever keeps a copy of a cookie can bring it again until the session ends, and so undo what " +
      "was stored since: never keep a balance or a used code in it.",
    "The browser may drop cookies; nobody else has them.",
    "No request can wait for another one, nor a session be found by its user: exclusive work and the " +
      "list of a user's sessions are refused.",
  ]),
});
