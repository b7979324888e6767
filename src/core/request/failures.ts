import { Budget, Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import { SessionError, whenAnswered } from "../errors.ts";
import type { Reply, RequestHead } from "../exchange.ts";
import type { Keychain } from "../keychain.ts";
import type { EpochMs } from "../record.ts";
import { type ErrorContext, pathOf } from "../report.ts";

/** What goes wrong in one request: who was told of it, and what it leaves of the request's time. */
export class Failures {
  readonly request: RequestHead;
  /** The secrets of the request's sessions, where the store asks for them. */
  keychain: Keychain | undefined;
  readonly #engine: Engine;
  /** The time that the request may wait for the store. */
  readonly #budget: Budget;
  /** What the application was told of last. */
  #told: unknown;
  #reported: unknown;

  constructor(engine: Engine, request: RequestHead) {
    this.#engine = engine;
    this.request = request;
    this.#budget = new Budget(engine.storeTimeoutMs);
  }

  /** A store that hangs costs the whole request `storeTimeout`, not each of its calls. */
  startDeadline(now: EpochMs = this.#engine.environment.now()): Deadline {
    return new Deadline(this.#budget.leftMs, now, this.#budget, this.keychain);
  }

  get hasTimeLeft(): boolean {
    return this.#budget.leftMs > 0;
  }

  /** What the application was told of last. */
  get lastTold(): unknown {
    return this.#told;
  }

  /** Whether the application was told of one. */
  get isTold(): boolean {
    return this.#told !== undefined;
  }

  /** Notes a failure that the application is told of, and gives it back. */
  told(error: unknown): unknown {
    this.#told = error;
    if (error instanceof SessionError) whenAnswered(error, () => this.report(error, "answered"));
    return error;
  }

  /** Lets the failure that the application was told of add to the headers of its answer. */
  leave(reply: Reply): void {
    if (this.#told instanceof SessionError) this.#told.leave?.(reply);
  }

  /**
   * Sees to it that a failure is heard of, once: whatever an adapter answers with a 5xx or cuts.
   *
   * @param isPrinted - Whether the framework prints it anyway. Then only `onError` is told.
   */
  report(error: unknown, outcome: ErrorContext["outcome"], isPrinted = false): void {
    // The session has ended meanwhile, which is news to the visitor and to nobody else.
    const isNews = error instanceof SessionError && error.status < 500 && outcome !== "cut";
    if (isNews || error === this.#reported) return;
    const { name, environment } = this.#engine;
    const { method, target } = this.request;
    const context = { name, method, path: pathOf(target), outcome };
    if (environment.report(error, context, isPrinted)) this.#reported = error;
  }

  /**
   * The application answers for a failure that it was told of, and prints what it likes of it. Of
   * several one is the answer's, which an adapter may have told of already.
   */
  reportAnswered(): void {
    if (this.#told === undefined || this.#reported !== undefined) return;
    this.report(this.#told, "answered", true);
  }

  /** Reports what nobody may have waited for. */
  reportUnawaited(): void {
    this.report(this.#told, "background");
  }
}
