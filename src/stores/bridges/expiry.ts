import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import { pooledRandom } from "../../core/environment.ts";
import { StoreError } from "../../core/errors.ts";
import type { Expiry, StoreCall } from "../../core/store.ts";
import { newToken, parseId, type SessionId } from "../../core/token.ts";
import type { ListedBackend } from "./backend.ts";
import type { BridgeStore } from "./bridge-store.ts";

/**
 * Clean-up for a backend that expires nothing by itself: reads each session, one after another. A
 * call that ends before all are read is continued by the next one. Where each runs in a process of its
 * own nothing remembers where that was, so the first one begins anywhere.
 */
export function bridgeExpiry(
  store: BridgeStore,
  backend: ListedBackend,
  intervalMs: number,
): Expiry {
  let last: string | undefined;
  return {
    intervalMs,
    async deleteExpired(call) {
      store.open("deleteExpired");
      last ??= store.keyOf(`s_${newToken(random)}` as SessionId);
      let deleted = 0;
      for (const key of startingAfter(last, await keysOf(backend))) {
        if (call.signal.aborted) break;
        const id = parseId(key.slice(store.keyOf("" as SessionId).length));
        if (id !== undefined && (await isDeleted(store, backend, id, call))) deleted += 1;
        last = key;
      }
      return deleted;
    },
  };
}

const random = pooledRandom();

async function keysOf(backend: ListedBackend): Promise<readonly string[]> {
  try {
    return await backend.keys();
  } catch (cause) {
    throw new StoreError("deleteExpired", "failed", "the keys could not be listed", { cause });
  }
}

/** All keys in order, those up to `last` at the end. */
function startingAfter(last: string, keys: readonly string[]): readonly string[] {
  const sorted = keys.toSorted();
  const start = sorted.findIndex((key) => key > last);
  return start === -1 ? sorted : [...sorted.slice(start), ...sorted.slice(0, start)];
}

function isDeleted(
  store: BridgeStore,
  backend: ListedBackend,
  id: SessionId,
  call: StoreCall,
): Promise<boolean> {
  return store.run("deleteExpired", "exclusive", id, call, async (progress) => {
    const stored = await store.peek("deleteExpired", id);
    if (stored === undefined || stored.expiresAt > call.now - SWEEP_DELAY_MS) return false;
    call.signal.throwIfAborted();
    progress.hasBegunToWrite = true;
    await backend.remove(store.keyOf(id));
    return true;
  });
}
