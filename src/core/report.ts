import { causesOf, inOneLine, SessionError, StoreError } from "./errors.ts";
import type { EpochMs } from "./record.ts";

/** Where a failure was met, and what became of the request. It holds no secret. */
export interface ErrorContext {
  /** The manager's `name`. */
  readonly name: string;
  /** `undefined` where no request is known. */
  readonly method: string | undefined;
  /** Without the query, in which secrets may travel. */
  readonly path: string | undefined;
  /**
   * What the visitor got: an answer that tells of the failure (`answered`), a response that breaks
   * off (`cut`), nothing, as he had left (`left`), or nothing to do with it (`background`): an answer
   * that needed none of it, where a request is known.
   */
  readonly outcome: "answered" | "cut" | "left" | "background";
}

/** Takes the failures in place of the console. Its own failure harms no request. */
export type ErrorListener = (error: Error, context: ErrorContext) => unknown;

/** What a reporter takes from outside. */
export interface ReporterParts {
  readonly onError: ErrorListener | undefined;
  readonly now: () => EpochMs;
  /** Prints for whoever runs the application. */
  readonly print: (what: unknown) => void;
}

/** In an outage one line of each kind in this time is enough. */
const QUIET_MS = 10_000;
/** A slip of the program is a kind of its own, unless a client makes up ever new ones. */
const MAX_KINDS = 100;
const MAX_PATH_LENGTH = 200;

/** Sees to it that no failure goes unheard, and that none fills the log. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #kinds = new Map<string, Kind>();

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /**
   * Tells the listener, or prints, unless somebody else prints it anyway.
   *
   * @returns Whether anybody was told.
   */
  report(error: unknown, context: ErrorContext, isPrinted: boolean): boolean {
    const { onError, print } = this.#parts;
    if (onError !== undefined) this.#tell(onError, asError(error), context);
    else if (isPrinted) return false;
    else if (error instanceof SessionError) this.#printInTurn(error, context);
    // The application's own, which our adapter answers in its place.
    else print(error);
    return true;
  }

  #tell(onError: ErrorListener, error: Error, context: ErrorContext): void {
    const complain = (failure: unknown): void => {
      this.#parts.print(failure);
      this.#parts.print(error);
    };
    try {
      const result = onError(error, context);
      if (result instanceof Promise) result.catch(complain);
    } catch (failure) {
      complain(failure);
    }
  }

  #printInTurn(error: SessionError, context: ErrorContext): void {
    const now = this.#parts.now();
    const name = this.#kindOf(error, now);
    const kind = this.#kinds.get(name);
    if (kind !== undefined && now < kind.quietUntil && now >= kind.quietUntil - QUIET_MS) {
      kind.suppressed += 1;
      return;
    }
    this.#kinds.set(name, { quietUntil: now + QUIET_MS, suppressed: 0 });
    this.#parts.print(textOf(error, context, kind?.suppressed ?? 0));
  }

  #kindOf(error: SessionError, now: EpochMs): string {
    if (error instanceof StoreError) return `${error.name} ${error.operation}`;
    // One slip may differ by an index or a size.
    const slip = `${error.name} ${error.message.replace(/\d+/g, "0")}`;
    if (this.#kinds.has(slip)) return slip;
    if (this.#kinds.size >= MAX_KINDS) this.#forgetQuiet(now);
    return this.#kinds.size < MAX_KINDS ? slip : error.name;
  }

  #forgetQuiet(now: EpochMs): void {
    for (const [name, { quietUntil }] of this.#kinds) {
      if (quietUntil <= now) this.#kinds.delete(name);
    }
  }
}

interface Kind {
  readonly quietUntil: EpochMs;
  suppressed: number;
}

function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error("What was thrown is no Error.", { cause: error });
}

/** The path of a request target, fit for a log. */
export function pathOf(target: string): string {
  const [path = ""] = target.split(/[?#]/, 1);
  return path.replace(/[^\x21-\x7e]+/g, "?").slice(0, MAX_PATH_LENGTH);
}

function textOf(error: SessionError, context: ErrorContext, suppressed: number): string {
  const lines = [`Sojourn: ${whatBecameOf(context, error.status)}. ${described(error)}`];
  if (suppressed > 0) lines.push(`    and ${suppressed} more of this kind since the last line`);
  return lines.join("\n");
}

function whatBecameOf({ method, path, outcome, name }: ErrorContext, status: number): string {
  const request = method === undefined ? `a request to "${name}"` : `${method} ${path}`;
  switch (outcome) {
    case "answered":
      return `${request} was answered with ${status}`;
    case "cut":
      return `the response to ${request} was cut`;
    case "left":
      return `what ${request} changed for a reader who left was lost`;
    case "background":
      return method === undefined
        ? `work of "${name}" in the background failed`
        : `${request} was answered as if nothing had failed`;
    default:
      return outcome satisfies never;
  }
}

/** What an outage came from, and where a slip of the program was made. */
function described(error: SessionError): string {
  const frames = error instanceof StoreError ? "" : framesOf(error);
  return `${error.name}: ${inOneLine(error.message)}${causesOf(error)}${frames}`;
}

/** Without what stands before them, which is not the error's name everywhere. */
function framesOf({ stack = "" }: Error): string {
  return stack.match(/\n +at .*/g)?.join("") ?? "";
}
