import type { AuditRecord } from "./audit-record.ts";

/** Keeps one record. A rejection means that it is not kept: it is given again later, in its turn. */
export type AuditSink = (record: AuditRecord) => void | Promise<void>;

/** An outage of the sink may last a while; it must not fill the memory. */
const MAX_WAITING = 10_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

/** Hands records to the sink one after another, each until it is kept. */
export class Outbox {
  readonly #sink: AuditSink;
  readonly #complain: (error: unknown) => void;
  readonly #waiting: AuditRecord[] = [];
  #working: Promise<void> | undefined;
  #dropped = 0;
  #wake: (() => void) | undefined;
  #isClosing = false;

  constructor(sink: AuditSink, complain: (error: unknown) => void) {
    this.#sink = sink;
    this.#complain = complain;
  }

  /** @returns Whether there was room for it. */
  put(record: AuditRecord): boolean {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(record);
    this.#working ??= this.#work();
    return true;
  }

  /** How many there was no room for since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Resolves when all is kept, or has been tried once more. */
  async close(): Promise<number> {
    this.#isClosing = true;
    this.#wake?.();
    await this.#working;
    return this.#waiting.length;
  }

  async #work(): Promise<void> {
    // Not while whoever was to be heard is still speaking.
    await Promise.resolve();
    for (let pauseMs = FIRST_PAUSE_MS; this.#waiting.length > 0; ) {
      if (await this.#isKept(this.#waiting[0] as AuditRecord)) {
        this.#waiting.shift();
        pauseMs = FIRST_PAUSE_MS;
        continue;
      }
      if (this.#isClosing) break;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
    this.#working = undefined;
  }

  async #isKept(record: AuditRecord): Promise<boolean> {
    try {
      await this.#sink(record);
      return true;
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resume) => {
      const timer = setTimeout(resume, pauseMs);
      // An outage of the sink keeps no process alive.
      timer.unref?.();
      this.#wake = () => {
        clearTimeout(timer);
        resume();
      };
    });
  }
}
