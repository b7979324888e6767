import type { EndListener } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";

/** Who is told of ended sessions in this process. */
export class Audience {
  readonly #listeners = new Set<{ readonly listener: EndListener }>();

  /** Returns the function that stops telling it. */
  subscribe(listener: EndListener): () => Promise<void> {
    // An entry of its own, as one listener may subscribe twice.
    const entry = { listener };
    this.#listeners.add(entry);
    return async () => {
      this.#listeners.delete(entry);
    };
  }

  /** After the end, and after whoever ended it has its answer: a listener's slip is not theirs. */
  tell(ids: readonly SessionId[]): void {
    for (const { listener } of this.#listeners) queueMicrotask(() => listener.onEnded(ids));
  }
}
