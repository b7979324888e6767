import type { StoreCall } from "../../core/store.ts";

/** As long as such a call may take; nobody waits for it. */
const PATIENCE_MS = 5_000;

/** What is done behind an answer, to keep an index tidy: if it fails, the next one does it. */
export class Tidying {
  later({ now }: StoreCall, work: (call: StoreCall) => Promise<unknown>): void {
    work({ now, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
  }
}
