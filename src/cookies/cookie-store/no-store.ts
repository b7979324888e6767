import type { SessionStore } from "../../core/store.ts";
import { COOKIE_PROFILE } from "./profile.ts";

/** The store of a manager that has none: nothing is ever there. */
export function noStore(): SessionStore {
  return {
    profile: COOKIE_PROFILE,
    load: async () => undefined,
    create: async () => "taken",
    update: async () => ({ kind: "gone", tombstone: undefined }),
    end: async () => ({ kind: "gone", tombstone: undefined }),
  };
}
