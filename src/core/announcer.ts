import type { EndListener } from "./store.ts";
import type { SessionId } from "./token.ts";

/** Tells the listeners in this process of ended sessions. */
export class Announcer {
  readonly #entries = new Set<{ readonly listener: EndListener }>();

  /** Whether there is anybody to be told. */
  get hasListeners(): boolean {
    return this.#entries.size > 0;
  }

  /** Returns the function that stops telling it. */
  subscribe(listener: EndListener): () => Promise<void> {
    // An entry of its own, as one listener may subscribe twice.
    const entry = { listener };
    this.#entries.add(entry);
    return async () => {
      this.#entries.delete(entry);
    };
  }

  /** These have ended. */
  tell(ids: readonly SessionId[]): void {
    this.#say((listener) => listener.onEnded(ids));
  }

  /** Others may have ended too. */
  tellOfGap(): void {
    this.#say((listener) => listener.onGap());
  }

  /** Tells nobody any more. */
  close(): void {
    this.#entries.clear();
  }

  // In a turn of its own each, and after whoever ended it has its answer: a listener's slip is
  // neither theirs nor the other listeners'.
  #say(message: (listener: EndListener) => void): void {
    for (const { listener } of this.#entries) queueMicrotask(() => message(listener));
  }
}
