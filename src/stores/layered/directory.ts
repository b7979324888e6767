import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { Directory } from "../../core/store.ts";
import { tombstoneOf } from "../../core/store-steps.ts";
import type { Near } from "./near.ts";
import type { Trust } from "./trust.ts";

/** Origin's directory; what it ends goes into near before anybody has the answer. */
export function layeredDirectory(
  directory: Directory,
  { near, trust }: { readonly near: Near; readonly trust: Trust },
  requireOpen: (operation: StoreOperation) => void,
): Directory {
  const forget = directory.forget?.bind(directory);
  return {
    async generation(user, call) {
      requireOpen("generation");
      return directory.generation(user, call);
    },
    async raiseGeneration(user, call, keepUntil) {
      requireOpen("raiseGeneration");
      return directory.raiseGeneration(user, call, keepUntil);
    },
    async list(user, call) {
      requireOpen("list");
      return directory.list(user, call);
    },
    async endAll(user, end, call) {
      requireOpen("endAll");
      try {
        const ids = await directory.endAll(user, end, call);
        trust.ended(ids);
        trust.endedAll(user);
        const filling = trust.filling(call.now);
        const entries = ids.map((id) => {
          const stored = tombstoneOf(id, user, end);
          return [id, { ...filling, stored }] as const;
        });
        await near.overwriteAll(entries, call.now);
        return ids;
      } catch (error) {
        // Some may have ended, and nobody knows which.
        if (!hasFailed(error)) trust.disbelieveAll();
        throw error;
      }
    },
    ...(forget && {
      async forget(user, call) {
        requireOpen("forget");
        await near.forget(user, call.now);
        return forget(user, call);
      },
    }),
    async scan(page, call) {
      requireOpen("scan");
      return directory.scan(page, call);
    },
    async count(manager, call) {
      requireOpen("count");
      return directory.count(manager, call);
    },
  };
}

/** Whether it is certain that nothing was written. */
export function hasFailed(error: unknown): boolean {
  return error instanceof StoreError && error.outcome === "failed";
}
