import type { Administration } from "./administration.ts";
import type { OptionsError } from "./errors.ts";
import type { ManagerParts } from "./manager.ts";

/**
 * What a manager is made of that lacks what it cannot do without: whatever is asked of it fails with
 * the error. Frameworks import the module that makes the manager when they build, where neither a
 * database nor a secret is at hand, so that it must not fail there.
 */
export function missing(
  error: OptionsError,
): Pick<ManagerParts, "store" | "carrier" | "administration"> {
  const refuse = (): never => {
    throw error;
  };
  const rejects = (): Promise<never> => Promise.reject(error);
  const administration: Administration = {
    find: rejects,
    list: rejects,
    revoke: rejects,
    revokeAll: rejects,
    forget: rejects,
    export: refuse,
    count: rejects,
    onEnded: rejects,
  };
  return {
    // What carries sessions refuses first; this is for a protection that asks the store itself.
    store: {
      profile: {
        scope: "process",
        durability: "process",
        readYourWrites: "always",
        eviction: "never",
        caveats: [],
      },
      load: rejects,
      create: rejects,
      update: rejects,
      end: rejects,
    },
    carrier: { arrive: refuse, mayArrive: () => false, prepare: refuse },
    administration: () => administration,
  };
}
