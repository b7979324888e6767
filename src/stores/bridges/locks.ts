/** Readers of one key may go together; a writer goes alone. */
export type Mode = "shared" | "exclusive";

interface Waiter {
  readonly mode: Mode;
  readonly go: () => void;
}

interface Line {
  readers: number;
  isWriting: boolean;
  readonly waiting: Waiter[];
}

/** Turns at the keys of one backend, first come, first served. */
export class Locks {
  readonly #lines = new Map<string, Line>();

  /**
   * Resolves when it is the caller's turn, to the function that ends the turn.
   *
   * @throws The signal's reason if the call is aborted before its turn.
   */
  async enter(key: string, mode: Mode, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const line = this.#lineOf(key);
    if (line.waiting.length > 0 || !isFree(line, mode)) await this.#turn(key, line, mode, signal);
    else take(line, mode);
    return () => this.#leave(key, line, mode);
  }

  /** For tests: nothing is kept of a key that nobody uses. */
  get size(): number {
    return this.#lines.size;
  }

  #lineOf(key: string): Line {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { readers: 0, isWriting: false, waiting: [] };
      this.#lines.set(key, line);
    }
    return line;
  }

  #turn(key: string, line: Line, mode: Mode, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        line.waiting.splice(line.waiting.indexOf(waiter), 1);
        // Readers behind a writer that gave up may go with those before it.
        this.#advance(key, line);
        reject(signal.reason);
      };
      const go = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const waiter: Waiter = { mode, go };
      line.waiting.push(waiter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #leave(key: string, line: Line, mode: Mode): void {
    if (mode === "shared") line.readers -= 1;
    else line.isWriting = false;
    this.#advance(key, line);
  }

  #advance(key: string, line: Line): void {
    for (;;) {
      const [next] = line.waiting;
      if (next === undefined || !isFree(line, next.mode)) break;
      line.waiting.shift();
      take(line, next.mode);
      next.go();
    }
    if (line.readers === 0 && !line.isWriting && line.waiting.length === 0) this.#lines.delete(key);
  }
}

function isFree({ readers, isWriting }: Line, mode: Mode): boolean {
  return !isWriting && (mode === "shared" || readers === 0);
}

function take(line: Line, mode: Mode): void {
  if (mode === "shared") line.readers += 1;
  else line.isWriting = true;
}

const locks = new WeakMap<object, Locks>();

/** The turns at a backend: several bridges over one object share them. */
export function locksOf(backend: object): Locks {
  let found = locks.get(backend);
  if (found === undefined) {
    found = new Locks();
    locks.set(backend, found);
  }
  return found;
}
