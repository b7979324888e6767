import type { ServerResponse } from "node:http";
import type { Visit } from "../core/visit.ts";
import { type HeaderList, headerLines } from "./header-lines.ts";
import { cutReply } from "./node-exchange.ts";
import { isRepresentation } from "./representation.ts";

type Step = () => void;
/** What a handler sends a response by. */
type Name = "writeHead" | "write" | "end" | "flushHeaders";
type Method = (...args: unknown[]) => unknown;

/**
 * `idle`: no byte was asked for yet. `waiting`: the first byte waits for the commit. `flowing`: it
 * was let go. `ending`: the last byte waits. `mute`: the response was answered in the handler's
 * place, and what the handler still writes goes nowhere.
 */
type Phase = "idle" | "waiting" | "flowing" | "ending" | "mute";

/** How the framework answers instead, when what the handler wanted could not be kept. */
export interface Fallback {
  /** The handler has finished: the framework's error path can take over. */
  fail(error: unknown): void;
  /** The handler may still be writing: the plain answer to send in its place. */
  plainAnswer(error: unknown): { readonly status: number; readonly body: string };
}

/**
 * Holds a Node response until its session is committed: the first byte waits for what was
 * gathered, the last one for what changed since. 1xx responses pass.
 */
export function holdReply(res: ServerResponse, visit: Visit, fallback: Fallback): void {
  new HeldReply(res, visit, fallback);
}

/**
 * What leads to the request stands in fields, not in object or array literals: V8 may come to
 * allocate a literal's objects in the old generation, and then each of them keeps its whole request
 * in memory until the next full collection, at three times the cost of a write.
 */
class HeldReply {
  readonly #res: ServerResponse;
  readonly #visit: Visit;
  readonly #fallback: Fallback;
  readonly #reallyWriteHead: Method;
  readonly #reallyWrite: Method;
  readonly #reallyEnd: Method;
  readonly #reallyFlush: Method;
  #phase: Phase;
  /** What was asked for while waiting, but for the end. */
  #steps: Step[] | undefined;
  #lastStep: Step | undefined;
  /** Of the steps: a handler may wait for them, and must not wait forever. */
  #callbacks: Step[] | undefined;

  constructor(res: ServerResponse, visit: Visit, fallback: Fallback) {
    this.#res = res;
    this.#visit = visit;
    this.#fallback = fallback;
    this.#phase = res.headersSent ? "flowing" : "idle";
    if (res.headersSent) visit.headersSent();
    const patched = res as unknown as Record<Name, Method>;
    this.#reallyWriteHead = patched.writeHead;
    this.#reallyWrite = patched.write;
    this.#reallyEnd = patched.end;
    this.#reallyFlush = patched.flushHeaders;
    this.#patch(patched);
  }

  #patch(patched: Record<Name, Method>): void {
    patched.writeHead = (...args) => {
      this.#writeHead(args);
      return this.#res;
    };
    patched.flushHeaders = () => void this.#pass(() => this.#really(this.#reallyFlush, []));
    patched.write = (...args) =>
      this.#pass(() => this.#really(this.#reallyWrite, args), callbackOf(args));
    patched.end = (...args) => {
      this.#end(() => void this.#really(this.#reallyEnd, args), callbackOf(args));
      return this.#res;
    };
  }

  /** Calls one of Node's own methods. */
  #really(method: Method, args: unknown[]): unknown {
    return Reflect.apply(method, this.#res, args);
  }

  #writeHead(args: unknown[]): void {
    const writeHead = (...real: unknown[]): unknown => this.#really(this.#reallyWriteHead, real);
    if (this.#phase === "mute") return;
    if (this.#phase === "flowing") return void writeHead(...args);
    // compression before 1.7.5 repeats the status at each write until Node has the header.
    if (this.#phase === "waiting" && args.length === 1 && args[0] === this.#res.statusCode) return;
    if (this.#phase !== "idle") throw headersSent();
    const [status, ...rest] = args;
    const message = typeof rest[0] === "string" ? rest.shift() : undefined;
    // Set rather than passed on, so that they do not replace what is added while waiting.
    for (const [name, values] of headerLines(rest[0] as HeaderList | undefined)) {
      this.#res.setHeader(name, values);
    }
    if (!isStatus(status)) {
      writeHead(status);
      return;
    }
    this.#res.statusCode = status;
    this.#pass(() => void (message === undefined ? writeHead(status) : writeHead(status, message)));
  }

  /** Lets a step through, or keeps it until the commit is done. */
  #pass(step: () => unknown, callback?: Step): boolean {
    if (this.#phase === "idle") this.#begin();
    if (this.#phase === "flowing") return step() !== false;
    if (this.#phase === "mute") callback?.();
    else {
      this.#keep(step);
      this.#remember(callback);
    }
    return this.#phase === "mute";
  }

  /** What is asked for after the end comes after it, and Node refuses it then. */
  #keep(step: () => unknown): void {
    const end = this.#lastStep;
    if (end !== undefined) {
      this.#lastStep = () => {
        end();
        step();
      };
      return;
    }
    this.#steps ??= [];
    this.#steps.push(() => void step());
  }

  #remember(callback: Step | undefined): void {
    if (callback === undefined) return;
    this.#callbacks ??= [];
    this.#callbacks.push(callback);
  }

  #end(step: Step, callback: Step | undefined): void {
    if (this.#phase === "idle") this.#begin();
    const isEnded = this.#phase === "mute" || this.#phase === "ending" || this.#lastStep;
    if (isEnded) callback?.();
    else if (this.#phase === "flowing") this.#finish(step);
    else {
      this.#lastStep = step;
      this.#pretend("writableEnded", true);
      this.#remember(callback);
    }
  }

  #begin(): void {
    const wait = this.#visit.beforeHeaders(this.#res.statusCode);
    if (wait === undefined) {
      this.#phase = "flowing";
      return;
    }
    this.#phase = "waiting";
    this.#pretend("headersSent", true);
    wait.then(
      () => this.#release(),
      (error: unknown) => this.#fail(error),
    );
  }

  #release(): void {
    this.#phase = "flowing";
    // Compression mounted before us writes its headers now, and asks first whether it still may.
    this.#pretend("headersSent", false);
    const steps = this.#steps;
    const last = this.#lastStep;
    this.#forgetSteps();
    this.#callbacks = undefined;
    try {
      const really = (step: Step): void => {
        step();
        this.#pretend("headersSent", true);
      };
      steps?.forEach(really);
      if (last !== undefined) this.#finish(() => really(last));
      else if (!this.#res.writableNeedDrain) this.#res.emit("drain");
    } catch {
      this.#cut();
    }
  }

  #forgetSteps(): void {
    this.#steps = undefined;
    this.#lastStep = undefined;
  }

  /** What changed after the first byte is kept before the last one. */
  #finish(step: Step): void {
    const wait = this.#visit.beforeEnd();
    const finish = (): void => {
      this.#phase = "flowing";
      this.#visit.end();
      step();
    };
    if (wait === undefined) {
      finish();
      return;
    }
    this.#phase = "ending";
    wait.then(finish, () => this.#cut());
  }

  #fail(error: unknown): void {
    this.#revealTruth();
    const hasEnd = this.#lastStep !== undefined;
    this.#forgetSteps();
    for (const name of this.#res.getHeaderNames()) {
      if (isRepresentation(name)) this.#res.removeHeader(name);
    }
    // Where the handler set it: HTTP/2 has none, and warns whoever names it.
    if (Object.hasOwn(this.#res, "statusMessage")) this.#res.statusMessage = "";
    if (hasEnd) {
      this.#phase = "idle";
      this.#res.statusCode = 500;
      this.#fallback.fail(error);
      this.#callBack();
    } else this.#answerInPlace(error);
  }

  /** The handler still holds the response and would write into the framework's error page. */
  #answerInPlace(error: unknown): void {
    const { status, body } = this.#fallback.plainAnswer(error);
    this.#res.statusCode = status;
    this.#res.setHeader("Content-Type", "text/plain; charset=utf-8");
    const answer = (): void => {
      this.#phase = "flowing";
      this.#visit.end();
      this.#really(this.#reallyEnd, [body]);
      this.#phase = "mute";
      this.#callBack();
    };
    const wait = this.#visit.beforeHeaders(status);
    if (wait === undefined) answer();
    else wait.then(answer, () => this.#cut());
  }

  /** Cut rather than ended well, so that nobody takes the response for complete. */
  #cut(): void {
    this.#phase = "mute";
    this.#visit.end();
    cutReply(this.#res);
    this.#callBack();
  }

  #callBack(): void {
    for (const callback of this.#callbacks ?? []) process.nextTick(callback);
    this.#callbacks = undefined;
  }

  /** To the handler the first byte is out: frameworks decide by this whether they may still answer. */
  #pretend(name: "headersSent" | "writableEnded", value: boolean): void {
    if (!Object.hasOwn(this.#res, name)) new PRETENCES[name](this.#res);
    (this.#res as Pretended)[name] = value;
  }

  #revealTruth(): void {
    Reflect.deleteProperty(this.#res, "headersSent");
    Reflect.deleteProperty(this.#res, "writableEnded");
  }
}

/** A class whose instances are the objects it is given: its heirs put their fields into those. */
const Itself = function (this: object, object: object): object {
  return object;
} as unknown as new (
  object: object,
) => object;

// A plain value hides the getter of the prototype. As a field it costs a tenth of what
// `Object.defineProperty` does, and a getter would give each response a hidden class of its own.
const PRETENCES = {
  headersSent: class extends Itself {
    headersSent = true;
  },
  writableEnded: class extends Itself {
    writableEnded = true;
  },
} as const;

/** A response whose getters are hidden behind values of its own. */
type Pretended = { headersSent: boolean; writableEnded: boolean };

function callbackOf(args: readonly unknown[]): Step | undefined {
  const last = args.at(-1);
  return typeof last === "function" ? () => void last() : undefined;
}

/** What Node throws where the first byte is out, which here it is to all appearances. */
function headersSent(): Error {
  const error = new Error("Cannot write headers after they are sent to the client");
  return Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}

function isStatus(status: unknown): status is number {
  return typeof status === "number" && status >= 100 && status <= 999;
}
