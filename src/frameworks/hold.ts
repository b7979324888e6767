import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Holder, Visit } from "../core/visit.ts";
import { type HeadList, setHead } from "./head-list.ts";
import { becomePlainAnswer, cutReply, dropPage } from "./node-exchange.ts";
import {
  afterEnd,
  checkEncoding,
  checkStatusMessage,
  destroyed,
  headersSent,
  isChunk,
  statusOf,
} from "./node-refusals.ts";
import { pretendSent } from "./sent-head.ts";
import { condemn, isDoomed, release, spare } from "./spared-socket.ts";

type Step = () => unknown;
type Callback = (error?: unknown) => unknown;
/** What a handler sends a response by; compression adds `flush`. */
type Name =
  | "writeHead"
  | "write"
  | "end"
  | "flushHeaders"
  | "flush"
  | "cork"
  | "uncork"
  | "on"
  | "destroy";
type Method = (...args: unknown[]) => unknown;

/**
 * `idle`: no byte was asked for yet. `waiting`: the first byte waits for the commit. `flowing`: it
 * was let go. `ending`: the last byte waits. `mute`: the response was answered in the handler's
 * place, or cut, and what the handler still writes goes nowhere.
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
 *
 * To everybody else the response behaves as Node's own: what was asked for first is what is sent.
 */
export function holdReply(res: ServerResponse, visit: Visit, fallback: Fallback): void {
  new HeldReply(res, visit, fallback);
}

/**
 * What leads to the request stands in fields, not in object or array literals: V8 may come to
 * allocate a literal's objects in the old generation, and then each of them keeps its whole request
 * in memory until the next full collection, at three times the cost of a write.
 */
class HeldReply implements Holder {
  readonly #res: ServerResponse;
  readonly #visit: Visit;
  readonly #fallback: Fallback;
  readonly #patched: Record<Name, Method>;
  readonly #reallyWriteHead: Method;
  readonly #reallyWrite: Method;
  readonly #reallyEnd: Method;
  readonly #reallyFlushHeaders: Method;
  readonly #writeHead: Method;
  readonly #write: Method;
  readonly #end: Method;
  #phase: Phase;
  /** What was asked for while waiting, but for the end. */
  #steps: Step[] | undefined;
  #lastStep: Step | undefined;
  /** Of the steps: a handler may wait for them, and must not wait forever. */
  #callbacks: Callback[] | undefined;
  /** The head as it was when the first byte was asked for; what is changed later is not sent. */
  #status = 0;
  #statusMessage: string | undefined;
  /** Whether a `drain` was promised by a `false`. */
  #isDrainOwed = false;
  #heldBytes = 0;
  /** Listeners to `drain` that somebody else's `on` may have put out of our reach. */
  #drainListeners: Callback[] | undefined;
  /** The connection, while a whole answer waits. */
  #spared: Socket | undefined;

  constructor(res: ServerResponse, visit: Visit, fallback: Fallback) {
    this.#res = res;
    this.#visit = visit;
    this.#fallback = fallback;
    this.#phase = res.headersSent ? "flowing" : "idle";
    if (res.headersSent) visit.headersSent();
    visit.holder = this;
    const patched = res as unknown as Record<Name, Method>;
    this.#patched = patched;
    this.#reallyWriteHead = patched.writeHead;
    this.#reallyWrite = patched.write;
    this.#reallyEnd = patched.end;
    this.#reallyFlushHeaders = patched.flushHeaders;
    this.#writeHead = (...args) => {
      this.#takeHead(args);
      return this.#res;
    };
    this.#write = (...args) => this.#takeChunk(args);
    this.#end = (...args) => {
      this.#takeEnd(args);
      return this.#res;
    };
    this.#patch();
    patched.flushHeaders = () => this.#takeFlush();
    if (Object.hasOwn(res, "on")) this.#patchOn(patched.on);
    if (typeof patched.flush === "function") this.#patchInTurn("flush");
  }

  /** Lets the engine write its headers to a response that is closed to everybody else. */
  unlock(): void {
    if (this.#phase === "waiting") pretendSent(this.#res, false);
  }

  lock(): void {
    if (this.#phase === "waiting") pretendSent(this.#res, true);
  }

  #patch(): void {
    this.#patched.writeHead = this.#writeHead;
    this.#patched.write = this.#write;
    this.#patched.end = this.#end;
  }

  /** Compression keeps listeners to `drain` for a stream of its own, which may have no reason to say it. */
  #patchOn(on: Method): void {
    this.#patched.on = (...args) => {
      const [event, listener] = args;
      if (event === "drain" && (this.#phase === "idle" || this.#phase === "waiting")) {
        this.#drainListeners ??= [];
        this.#drainListeners.push(listener as Callback);
      }
      return this.#really(on, args);
    };
  }

  /** What begins no response, and says when the pieces of one are to go out. */
  #patchInTurn(name: "flush" | "cork" | "uncork"): void {
    const really = this.#patched[name];
    this.#patched[name] = (...args) => this.#pass(() => this.#really(really, args));
  }

  /** Calls one of the methods that were there before ours. */
  #really(method: Method, args: unknown[]): unknown {
    return Reflect.apply(method, this.#res, args);
  }

  /** Lets Node itself refuse, in its own words, what it never takes. */
  #refuse(name: "write" | "end", args: unknown[]): boolean {
    return this.#really(Object.getPrototypeOf(this.#res)[name], args) !== false;
  }

  #takeHead(args: unknown[]): void {
    if (this.#phase === "mute") return;
    if (this.#phase === "waiting") {
      this.#refuseHead(args);
      return;
    }
    const [status, reason, headers] = args;
    const code = statusOf(status);
    const isHead = this.#phase === "idle" && code !== undefined;
    const list = typeof reason === "string" ? headers : (headers ?? reason);
    if (!isHead || !setHead(this.#res, list as HeadList | undefined)) {
      this.#really(this.#reallyWriteHead, args);
      return;
    }
    this.#res.statusCode = code;
    if (typeof reason === "string") this.#res.statusMessage = reason;
    const real = typeof reason === "string" ? [code, reason] : [code];
    this.#start();
    this.#pass(() => this.#really(this.#reallyWriteHead, real));
  }

  #refuseHead(args: unknown[]): void {
    // compression before 1.7.5 repeats the status at each write until Node has the header.
    const isRepeated = args.length === 1 && args[0] === this.#status && this.#isWrapped;
    if (!isRepeated) throw headersSent();
  }

  #takeFlush(): void {
    if (this.#phase === "idle") this.#start();
    this.#pass(() => this.#really(this.#reallyFlushHeaders, []));
  }

  #takeChunk(args: unknown[]): boolean {
    const [chunk, encoding] = args;
    if (!isChunk(chunk)) return this.#refuse("write", args);
    if (this.#phase === "idle") this.#start();
    if (this.#phase === "flowing") return this.#really(this.#reallyWrite, args) !== false;
    const callback = callbackOf(args);
    if (this.#phase === "mute") {
      giveUp(callback, destroyed(undefined));
      return false;
    }
    if (this.#lastStep !== undefined) {
      this.#comeLate(() => this.#really(this.#reallyWrite, args), callback);
      return false;
    }
    checkEncoding(this.#res, chunk, encoding);
    this.#keep(() => this.#really(this.#reallyWrite, args), callback);
    return this.#hasRoomFor(chunk as string | Uint8Array);
  }

  #takeEnd(args: unknown[]): void {
    const [chunk, encoding] = args;
    const hasChunk = Boolean(chunk) && typeof chunk !== "function";
    if (hasChunk && !isChunk(chunk) && this.#lastStep === undefined) {
      this.#refuse("end", args);
      return;
    }
    if (this.#phase === "idle") this.#begin();
    const callback = callbackOf(args);
    const step = (): unknown => this.#really(this.#reallyEnd, args);
    if (this.#phase === "mute") giveUp(callback, destroyed(undefined));
    else if (this.#phase === "flowing") this.#finish(step);
    else if (this.#lastStep === undefined) {
      checkEncoding(this.#res, chunk, encoding);
      this.#remember(callback);
      this.#takeLast(step);
    } else this.#comeLate(step, callback, hasChunk);
  }

  /** From here on the answer is whole, and nobody can take it back. */
  #takeLast(step: Step): void {
    this.#lastStep = step;
    pretendEnded(this.#res);
    // HTTP/2's is made up for each request.
    const socket = "stream" in this.#res ? undefined : this.#res.req?.socket;
    if (typeof socket?.destroy !== "function" || this.#spared !== undefined) return;
    this.#spared = socket;
    spare(socket);
  }

  #release(): void {
    const socket = this.#spared;
    this.#spared = undefined;
    if (socket !== undefined) release(socket);
  }

  /**
   * What is asked for after the end comes after it, and Node refuses it then; where nobody listens
   * to the error of that, which would end the process, only who asked hears.
   */
  #comeLate(step: Step, callback: Callback | undefined, isError = true): void {
    const end = this.#lastStep;
    this.#lastStep = () => {
      end?.();
      if (isError && this.#res.listenerCount("error") === 0) giveUp(callback, afterEnd());
      else step();
    };
    this.#remember(callback);
  }

  /** Lets a step through, or keeps it until the commit is done. */
  #pass(step: Step): void {
    if (this.#phase === "waiting") this.#keep(step, undefined);
    else if (this.#phase !== "mute") step();
  }

  #keep(step: Step, callback: Callback | undefined): void {
    if (this.#lastStep !== undefined) return;
    this.#steps ??= [];
    this.#steps.push(step);
    this.#remember(callback);
  }

  #remember(callback: Callback | undefined): void {
    if (callback === undefined) return;
    this.#callbacks ??= [];
    this.#callbacks.push(callback);
  }

  /**
   * Whether the producer may go on; if not, it is owed a `drain`. Where its listener may be out of
   * our reach, it is told to pause only by so much that the real write will tell it again.
   */
  #hasRoomFor(chunk: string | Uint8Array): boolean {
    this.#heldBytes += chunk.length;
    const isReachable = !Object.hasOwn(this.#res, "on") && !this.#isWrapped;
    if (!isReachable && this.#heldBytes < this.#res.writableHighWaterMark) return true;
    this.#isDrainOwed = true;
    return false;
  }

  /** Whether somebody has put himself before us. */
  get #isWrapped(): boolean {
    return this.#res.write !== this.#write;
  }

  /** The first byte of a response that goes on. */
  #start(): void {
    this.#begin();
    if (this.#phase === "flowing") this.#watchReader();
  }

  #begin(): void {
    const status = statusOf(this.#res.statusCode);
    // Node throws, and nothing has begun.
    if (status === undefined) this.#really(this.#reallyWriteHead, [this.#res.statusCode]);
    checkStatusMessage(this.#res);
    const wait = this.#visit.beforeHeaders(status ?? 0);
    if (wait === undefined) {
      this.#phase = "flowing";
      return;
    }
    this.#phase = "waiting";
    this.#status = this.#res.statusCode;
    this.#statusMessage = ownStatusMessage(this.#res);
    pretendSent(this.#res, true);
    this.#patchInTurn("cork");
    this.#patchInTurn("uncork");
    wait.then(
      () => this.#safely(() => this.#letGo()),
      (error: unknown) => this.#safely(() => this.#fail(error)),
    );
  }

  /** The last catch: what is thrown here would end the process. */
  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#cut(error);
    }
  }

  #letGo(): void {
    const last = this.#lastStep;
    const steps = this.#steps ?? [];
    // Of a call that was refused, Node has the head.
    if (steps.length === 0 && last === undefined) {
      steps.push(() => this.#really(this.#reallyWriteHead, [this.#res.statusCode]));
    }
    this.#phase = "flowing";
    // Compression mounted before us writes its headers now, and asks first whether it still may.
    pretendSent(this.#res, false);
    try {
      const isDrainToCome = this.#replay(steps);
      this.#forgetSteps();
      this.#callbacks = undefined;
      if (last !== undefined) this.#finish(last);
      else this.#goOn(isDrainToCome);
    } catch (error) {
      // What Node refuses only now is a failure like any other, unless bytes are out.
      if (this.#res.headersSent || last === undefined) throw error;
      this.#lastStep = last;
      this.#fail(error);
    }
  }

  /** @returns Whether a real write has promised to say when to go on. */
  #replay(steps: readonly Step[]): boolean {
    let isDrainToCome = false;
    for (const step of steps) {
      if (this.#withHead(step) === false) isDrainToCome = true;
    }
    return isDrainToCome;
  }

  /** With the head as it was asked for, which Node renders at the first step. */
  #withHead(step: Step): unknown {
    const res = this.#res;
    if (res.headersSent || this.#status === 0) return step();
    const status = res.statusCode;
    const statusMessage = ownStatusMessage(res);
    res.statusCode = this.#status;
    if (statusMessage !== this.#statusMessage) res.statusMessage = this.#statusMessage as string;
    const result = step();
    this.#status = 0;
    // To loggers it shows as with plain Node: what was set last.
    if (status !== res.statusCode) res.statusCode = status;
    if (statusMessage !== undefined) res.statusMessage = statusMessage;
    return result;
  }

  #goOn(isDrainToCome: boolean): void {
    this.#watchReader();
    if (!this.#isDrainOwed || isDrainToCome) return;
    const near = this.#res.rawListeners("drain");
    const far = this.#drainListeners?.filter((listener) => !near.includes(listener));
    this.#res.emit("drain");
    for (const listener of far ?? []) Reflect.apply(listener, this.#res, []);
  }

  /** A reader who leaves is the end of many streams, and what they changed is kept. */
  #watchReader(): void {
    const leave = (): void => {
      // Who ended the response is not left alone, and a producer that broke keeps nothing.
      if (this.#phase !== "flowing" || this.#visit.phase === "ended" || this.#res.errored) return;
      // After the handler's own listeners, which may have last words.
      setImmediate(() => this.#keepForNobody());
    };
    if (this.#res.destroyed) leave();
    else this.#res.on("close", leave);
  }

  #keepForNobody(): void {
    this.#visit.afterLeaving()?.catch(() => undefined);
  }

  #forgetSteps(): void {
    this.#steps = undefined;
    this.#lastStep = undefined;
    this.#heldBytes = 0;
  }

  /** What changed after the first byte is kept before the last one. */
  #finish(step: Step): void {
    const wait = this.#visit.beforeEnd();
    if (wait === undefined) {
      this.#finishNow(step);
      return;
    }
    this.#phase = "ending";
    this.#takeLast(step);
    wait.then(
      () => this.#safely(() => this.#finishNow(this.#lastStep ?? step)),
      (error: unknown) => this.#cut(error),
    );
  }

  #finishNow(step: Step): void {
    this.#phase = "flowing";
    this.#lastStep = undefined;
    // The answer to a slip that Node refuses is an answer as well.
    this.#withHead(step);
    this.#visit.end();
    this.#release();
  }

  #fail(error: unknown): void {
    if (this.#lastStep === undefined) this.#answerInPlace(error);
    // A handler that fails after its answer is heard of by the framework two turns later, which must
    // not take the response for one without an answer.
    else setImmediate(() => setImmediate(() => this.#safely(() => this.#failWhole(error))));
  }

  #failWhole(error: unknown): void {
    const isGivenUp = this.#spared !== undefined && isDoomed(this.#spared);
    // The plain answer needs nobody who has given the connection up.
    if (isGivenUp) this.#answerInPlace(error);
    else this.#handOver(error);
  }

  /** The response is as if nothing had been asked for. */
  #reset(): void {
    this.#forgetSteps();
    this.#status = 0;
    pretendSent(this.#res, false);
    Reflect.deleteProperty(this.#res, "writableEnded");
    dropPage(this.#res);
  }

  #handOver(error: unknown): void {
    this.#reset();
    this.#phase = "idle";
    this.#res.statusCode = 500;
    // Who put himself before us has seen his end, and may take no second one.
    this.#patch();
    this.#release();
    this.#fallback.fail(error);
    this.#callBack(error);
  }

  /** The handler still holds the response and would write into the framework's error page. */
  #answerInPlace(error: unknown): void {
    this.#reset();
    const plain = this.#fallback.plainAnswer(error);
    becomePlainAnswer(this.#res, plain);
    const wait = this.#visit.beforeHeaders(plain.status);
    if (wait === undefined) this.#sendInPlace(plain.body, error);
    else {
      this.#phase = "waiting";
      pretendSent(this.#res, true);
      wait.then(
        () => this.#safely(() => this.#sendInPlace(plain.body, error)),
        (second: unknown) => this.#cut(second),
      );
    }
  }

  #sendInPlace(body: string, error: unknown): void {
    this.#phase = "flowing";
    pretendSent(this.#res, false);
    // Before Node says that the response is finished: a producer takes that for its own success.
    process.nextTick(() => this.#res.emit("close"));
    this.#really(this.#reallyEnd, [body]);
    this.#visit.end();
    this.#mute(error);
    this.#seemDestroyed();
    this.#release();
  }

  /** To who still produces, the response is as one whose reader has left: there pipelines end. */
  #seemDestroyed(): void {
    const res = this.#res as unknown as { destroyed?: boolean; _closed?: boolean };
    this.#patched.destroy = () => this.#res;
    if (res.destroyed !== undefined) res.destroyed = true;
    // So that Node does not say it a second time.
    if (res._closed !== undefined) res._closed = true;
  }

  /** Cut rather than ended well, so that nobody takes the response for complete. */
  #cut(error: unknown): void {
    this.#mute(error);
    this.#visit.end();
    if (this.#spared !== undefined) condemn(this.#spared);
    this.#release();
    cutReply(this.#res);
  }

  #mute(error: unknown): void {
    this.#phase = "mute";
    this.#forgetSteps();
    this.#callBack(error);
  }

  #callBack(error: unknown): void {
    for (const callback of this.#callbacks ?? []) giveUp(callback, destroyed(error));
    this.#callbacks = undefined;
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
const Ended = class extends Itself {
  writableEnded = true;
};

/** To the handler the response is over: frameworks decide by this whether they may still answer. */
function pretendEnded(res: ServerResponse): void {
  if (!Object.hasOwn(res, "writableEnded")) new Ended(res);
}

function ownStatusMessage(res: ServerResponse): string | undefined {
  return Object.hasOwn(res, "statusMessage") ? res.statusMessage : undefined;
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  const last = args.at(-1);
  return typeof last === "function" ? (last as Callback) : undefined;
}

/** Calls back as Node does, for what will never be done. */
function giveUp(callback: Callback | undefined, error: Error): void {
  if (callback !== undefined) process.nextTick(callback, error);
}
