import type { Mounted, SharedParts, SharedStore } from "../../cookies/mount.ts";
import { OptionsError, StoreError } from "../../core/errors.ts";
import type { EngineSettings } from "../../core/options.ts";
import type { SessionStore } from "../../core/store.ts";
import { ForeignAdministration } from "./administration.ts";
import { ForeignCarrier } from "./foreign-passage.ts";
import { keepsNothingElse } from "./foreign-records.ts";
import type { ForeignSessions } from "./foreign-sessions.ts";
import { sharedProfile } from "./shared-profile.ts";

/** Shares the sessions of another framework: a `store` of `createSessions`. */
export function sharedStore(sessions: ForeignSessions): SharedStore {
  refuseSharedKeys(sessions);
  return { share: (parts) => share(sessions, parts) };
}

function share(sessions: ForeignSessions, parts: SharedParts): Mounted {
  const { carrier, environment, givenName } = parts;
  // Managers that share with several frameworks are told apart without being named.
  const name = givenName ?? `${sessions.framework} ${sessions.cookieName}`;
  const settings = { ...withTheirClocks(parts.settings), name };
  return {
    store: fromOutside(sessions),
    carrier: new ForeignCarrier(sessions, carrier, name, environment),
    settings,
    administration: () => new ForeignAdministration(sessions.framework),
  };
}

/** What two read as theirs would be lost with each write. */
function refuseSharedKeys({ framework, factsKey, convention }: ForeignSessions): void {
  if (factsKey === undefined || !convention.keys.has(factsKey)) return;
  throw new OptionsError(
    "factsKey",
    `${framework} has its own use for "${factsKey}". Name another key.`,
  );
}

/** No session can be found from outside its request: what a store is asked for is a hash of its key. */
function fromOutside(sessions: ForeignSessions): SessionStore {
  const { framework, kept } = sessions;
  return {
    // Asked anew: what a server evicts is known from its first call on.
    get profile() {
      return sharedProfile(sessions);
    },
    load: async () => undefined,
    create: async () => {
      throw new StoreError("create", "failed", keepsNothingElse(framework));
    },
    update: async () => ({ kind: "gone", tombstone: undefined }),
    end: async (_tombstone, _expected, call) => {
      await kept?.rows.prepare?.(call);
      return { kind: "gone", tombstone: undefined };
    },
  };
}

/** Longer than any session of theirs: it ends when they say so. */
const THEIR_CLOCK_MS = 400 * 86_400_000;

function withTheirClocks(settings: EngineSettings): EngineSettings {
  const policy = { idleTimeoutMs: THEIR_CLOCK_MS, absoluteTimeoutMs: THEIR_CLOCK_MS };
  const kinds = { signedIn: policy, persistent: policy, anonymous: policy };
  return { ...settings, policies: { ...kinds, areForeign: true, longest: undefined } };
}
