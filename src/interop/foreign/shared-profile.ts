import type { StoreProfile } from "../../core/store.ts";
import type { ForeignSessions } from "./foreign-sessions.ts";

/** The profile of shared sessions: that of their place, and what holds of none of them. */
export function sharedProfile({ profile, kept }: ForeignSessions): StoreProfile {
  const more = kept === undefined ? IN_COOKIES : IN_A_STORE;
  return { ...profile, caveats: [...profile.caveats, ...NOWHERE, ...more] };
}

const NOWHERE: readonly string[] = [
  "Where a session ended nothing tells of it: a late request is a new visitor's.",
  "No session can be found from outside its request, by its user or otherwise: find, list, revoke, " +
    "revokeAll, forget, export, count and onEnded are refused.",
  "A hand-off is refused: its code would lie beside the session, where the framework has no place.",
];

const IN_A_STORE: readonly string[] = [
  "Where Python's write began before exclusive work did, it undoes the lease: two may work at once.",
];

const IN_COOKIES: readonly string[] = [
  "Exclusive work is refused: in a cookie no request can wait for another one.",
];
