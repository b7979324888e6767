import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Holder, Visit } from "../core/visit.ts";
import { DrainListeners } from "./drain-listeners.ts";
import { type HeadList, setHead } from "./head-list.ts";
import { type Callback, giveUp, HeldAnswer, type Step, setTrailer } from "./held-answer.ts";
import { becomePlainAnswer, cutReply, dropPage } from "./node-exchange.ts";
import {
  checkEncoding,
  checkStatusMessage,
  destroyed,
  headersSent,
  isChunk,
  statusOf,
} from "./node-refusals.ts";
import { letSend, pretendEnded, pretendSent, revealEnd } from "./pretence.ts";
import { condemn, isDoomed, release, spare } from "./spared-socket.ts";

/** What a handler sends a response by; `flush` is compression's. */
type Name =
  | "writeHead"
  | "write"
  | "end"
  | "flushHeaders"
  | "flush"
  | "cork"
  | "uncork"
  | "destroy";
type Method = (...args: unknown[]) => unknown;

/**
 * `idle`: no byte was asked for yet. `waiting`: the first byte waits for the commit. `flowing`: it
 * was let go. `ending`: the last byte waits. `mute`: the response was answered in the handler's
 * place, or cut, and what the handler still writes goes nowhere.
 */
type Phase = "idle" | "waiting" | "flowing" | "ending" | "mute";

/** How long a page may take to be compressed whose commit has failed. */
const COMPRESSING_MS = 100;

/** How the framework answers instead, when what the handler wanted could not be kept. */
export interface Fallback {
  /** The handler has finished: the framework's error path can take over. */
  fail(error: unknown): void;
  /** The handler may still be writing: the plain answer to send in its place. */
  plainAnswer(error: unknown): { readonly status: number; readonly body: string };
  /**
   * Whether the framework prints what `fail` is given, so that we need not.
   *
   * @defaultValue `false`
   */
  readonly isPrinting?: boolean;
}

/**
 * Holds a Node response until its session is committed: the first byte waits for what was
 * gathered, the last one for what changed since. 1xx responses pass.
 *
 * To everybody else the response behaves as Node's own: what was asked for first is what is sent,
 * and what Node refuses is refused when it is asked for.
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
  readonly #drainListeners: DrainListeners | undefined;
  /** Whoever listened for the response to close before the handler did: loggers, compression. */
  readonly #closeListeners: number;
  #phase: Phase;
  #held: HeldAnswer | undefined;
  /** The connection, while a whole answer waits. */
  #spared: Socket | undefined;
  #reallyDestroy: Method | undefined;
  /** What somebody wanted of the response while a whole answer waited. */
  #destroyLater: Step | undefined;
  #hasFailed = false;

  constructor(res: ServerResponse, visit: Visit, fallback: Fallback) {
    this.#res = res;
    this.#visit = visit;
    this.#fallback = fallback;
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
    if (typeof patched.flush === "function") this.#patchInTurn("flush");
    if (Object.hasOwn(res, "on")) this.#drainListeners = new DrainListeners(res);
    this.#closeListeners = res.listenerCount("close");
    this.#phase = res.headersSent ? "flowing" : "idle";
    if (res.headersSent) this.#joinLate();
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

  /** What begins no response, and says when the pieces of one are to go out. */
  #patchInTurn(name: "flush" | "cork" | "uncork"): void {
    const really = this.#patched[name];
    this.#patched[name] = (...args) => this.#pass(() => this.#really(really, args));
  }

  /** The first byte was out before the session was opened. */
  #joinLate(): void {
    if (this.#res.writableEnded) {
      this.#visit.end();
      return;
    }
    this.#visit.headersSent();
    this.#watchReader();
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
    const isFirst = this.#phase === "idle" && code !== undefined;
    const list = typeof reason === "string" ? headers : (headers ?? reason);
    if (!isFirst || !setHead(this.#res, list as HeadList | undefined)) {
      this.#really(this.#reallyWriteHead, args);
      return;
    }
    this.#res.statusCode = code;
    if (typeof reason === "string") this.#res.statusMessage = reason;
    const real = typeof reason === "string" ? [code, reason] : [code];
    this.#begin();
    this.#pass(() => this.#really(this.#reallyWriteHead, real));
  }

  #refuseHead(args: unknown[]): void {
    // compression before 1.7.5 repeats the status at each write until Node has the header.
    const isSame = args.length === 1 && this.#held?.isOfStatus(args[0]) === true;
    if (!isSame || !this.#isWrapped) throw headersSent(this.#res);
  }

  #takeFlush(): void {
    // As Node does: whoever has wrapped writeHead sees the head before it is out.
    if (this.#phase === "idle") this.#res.writeHead(this.#res.statusCode);
    this.#pass(() => this.#really(this.#reallyFlushHeaders, []));
  }

  #takeChunk(args: unknown[]): boolean {
    const [chunk, encoding] = args;
    if (!isChunk(chunk)) return this.#refuse("write", args);
    if (this.#phase === "idle") this.#begin();
    if (this.#phase === "flowing") return this.#really(this.#reallyWrite, args) !== false;
    const step = (): unknown => this.#really(this.#reallyWrite, args);
    const held = this.#held;
    if (held === undefined) giveUp(callbackOf(args), destroyed(undefined));
    else if (held.isWhole) held.comeLate(step, callbackOf(args));
    else {
      checkEncoding(this.#res, chunk, encoding);
      held.keep(step, callbackOf(args));
      return held.hasRoomFor(chunk, this.#drainListeners === undefined && !this.#isWrapped);
    }
    return false;
  }

  #takeEnd(args: unknown[]): void {
    const [chunk, encoding] = args;
    const hasBody = Boolean(chunk) && typeof chunk !== "function";
    if (hasBody && !isChunk(chunk) && this.#held?.isWhole !== true) {
      this.#refuse("end", args);
      return;
    }
    if (this.#phase === "idle") this.#begin(true);
    const step = (): unknown => this.#really(this.#reallyEnd, args);
    const held = this.#held;
    if (this.#phase === "flowing") this.#finish(step, callbackOf(args));
    else if (held === undefined) giveUp(callbackOf(args), destroyed(undefined));
    else if (held.isWhole) held.comeLate(step, callbackOf(args), hasBody);
    else {
      checkEncoding(this.#res, chunk, encoding);
      held.keepEnd(step, callbackOf(args));
      this.#becomeWhole();
    }
  }

  /** Lets a step through, or keeps it until the commit is done. */
  #pass(step: Step): void {
    if (this.#phase === "waiting") this.#held?.keep(step);
    else if (this.#phase !== "mute") step();
  }

  /** Whether somebody has put himself before us. */
  get #isWrapped(): boolean {
    return this.#res.write !== this.#write;
  }

  /** From here on nobody can take the answer back, whatever the handler does later. */
  #becomeWhole(): void {
    pretendEnded(this.#res);
    if (this.#reallyDestroy !== undefined) return;
    const really = this.#patched.destroy;
    this.#reallyDestroy = really;
    this.#patched.destroy = (...args) => {
      if (this.#spared === undefined) this.#destroyLater = () => this.#really(really, args);
      else this.#spared.destroy();
      return this.#res;
    };
    // HTTP/2's is made up for each request.
    const socket = "stream" in this.#res ? undefined : this.#res.req?.socket;
    if (typeof socket?.destroy !== "function") return;
    this.#spared = socket;
    spare(socket);
  }

  #release(): void {
    if (this.#reallyDestroy === undefined) return;
    this.#patched.destroy = this.#reallyDestroy;
    this.#reallyDestroy = undefined;
    this.#destroyLater?.();
    const socket = this.#spared;
    this.#spared = undefined;
    if (socket !== undefined) release(socket);
  }

  /** Whether somebody has given the response up while a whole answer waited. */
  get #isGivenUp(): boolean {
    const isDoomedSocket = this.#spared !== undefined && isDoomed(this.#spared);
    return isDoomedSocket || this.#destroyLater !== undefined;
  }

  #begin(isWhole = false): void {
    const status = statusOf(this.#res.statusCode);
    // Node throws, and nothing has begun.
    if (status === undefined) this.#really(this.#reallyWriteHead, [this.#res.statusCode]);
    checkStatusMessage(this.#res);
    const wait = this.#visit.beforeHeaders(status ?? 0);
    if (wait === undefined) {
      this.#phase = "flowing";
      if (!isWhole) this.#watchReader();
      return;
    }
    this.#phase = "waiting";
    this.#held = new HeldAnswer(this.#res);
    pretendSent(this.#res, true);
    this.#patchInTurn("cork");
    this.#patchInTurn("uncork");
    wait.then(
      () => this.#letGo(),
      (error: unknown) => this.#fail(error),
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
    const held = this.#held;
    if (held === undefined) return;
    this.#phase = "flowing";
    this.#held = undefined;
    this.#drainListeners?.stop();
    // Compression mounted before us writes its headers now, and asks first whether it still may.
    pretendSent(this.#res, false);
    letSend(this.#res);
    try {
      held.send(() => this.#really(this.#reallyWriteHead, [this.#res.statusCode]));
      if (held.isWhole) this.#finish(() => held.sendEnd(), undefined, held);
      else this.#goOn(held);
    } catch (error) {
      this.#failLate(error, held);
    }
  }

  #goOn({ isDrainOwed }: HeldAnswer): void {
    this.#watchReader();
    if (!isDrainOwed) return;
    this.#res.emit("drain");
    this.#drainListeners?.drain();
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
    this.#visit.afterLeaving()?.catch((error: unknown) => this.#visit.report(error, "left"));
  }

  /** What changed after the first byte is kept before the last one. */
  #finish(step: Step, callback: Callback | undefined, held?: HeldAnswer): void {
    const wait = this.#visit.beforeEnd();
    if (wait === undefined) {
      this.#finishNow(step);
      return;
    }
    this.#phase = "ending";
    const answer = held ?? new HeldAnswer(this.#res);
    if (held === undefined) answer.keepEnd(step, callback);
    this.#held = answer;
    this.#becomeWhole();
    wait.then(
      () => this.#safely(() => this.#finishNow(() => this.#sendEnd(answer))),
      (error: unknown) => this.#cut(error),
    );
  }

  #sendEnd(answer: HeldAnswer): void {
    letSend(this.#res);
    answer.sendEnd();
  }

  #finishNow(step: Step): void {
    this.#phase = "flowing";
    this.#held = undefined;
    step();
    this.#visit.end();
    this.#release();
  }

  #fail(error: unknown): void {
    const answer = (): void => this.#safely(() => this.#answerFor(error));
    // A handler that fails after its answer is heard of by Express two turns later, which must not
    // take the response for one without an answer.
    if (this.#held?.isWhole === true) setImmediate(() => setImmediate(answer));
    // Compression before us may have the whole of it already.
    else if (this.#isWrapped) setTimeout(answer, COMPRESSING_MS);
    else answer();
  }

  /** What Node refuses only now is a failure like any other, unless bytes are out. */
  #failLate(error: unknown, held: HeldAnswer): void {
    this.#held = held;
    if (this.#res.headersSent || !held.isWhole) {
      this.#cut(error);
      return;
    }
    this.#phase = "waiting";
    pretendSent(this.#res, true);
    this.#fail(error);
  }

  #answerFor(error: unknown): void {
    const isWhole = this.#held?.isWhole === true;
    if (this.#res.destroyed) this.#answerNobody(error);
    // The plain answer needs neither who has given the connection up nor what has failed as well.
    else if (isWhole && !this.#isGivenUp && !this.#hasFailed) this.#handOver(error);
    else this.#answerInPlace(error);
  }

  /** The reader has left meanwhile, and heard nothing of either. */
  #answerNobody(error: unknown): void {
    this.#visit.report(error, "left");
    this.#mute(error);
    this.#visit.end();
    this.#release();
  }

  /** The response is as if nothing had been asked for. */
  #reset(error: unknown): void {
    this.#held?.giveUp(error);
    this.#held = undefined;
    pretendSent(this.#res, false);
    revealEnd(this.#res);
    dropPage(this.#res);
    setTrailer(this.#res, "");
  }

  #handOver(error: unknown): void {
    this.#reset(error);
    this.#hasFailed = true;
    this.#phase = "idle";
    this.#res.statusCode = 500;
    // Who put himself before us has seen his end, and may take no second one.
    this.#patch();
    this.#release();
    this.#visit.report(error, "answered", this.#fallback.isPrinting === true);
    this.#fallback.fail(error);
  }

  /** The handler still holds the response and would write into the framework's error page. */
  #answerInPlace(error: unknown): void {
    this.#reset(error);
    this.#visit.report(error, "answered");
    const plain = this.#fallback.plainAnswer(error);
    becomePlainAnswer(this.#res, plain);
    const wait = this.#visit.beforeHeaders(plain.status);
    if (wait === undefined) {
      this.#sendInPlace(plain.body, error);
      return;
    }
    this.#phase = "waiting";
    this.#held = new HeldAnswer(this.#res);
    pretendSent(this.#res, true);
    wait.then(
      () => this.#safely(() => this.#sendInPlace(plain.body, error)),
      (second: unknown) => this.#cut(second),
    );
  }

  #sendInPlace(body: string, error: unknown): void {
    this.#phase = "flowing";
    pretendSent(this.#res, false);
    // Before Node says that the response is finished: a producer takes that for its own success.
    process.nextTick(() => this.#tellProducer());
    this.#really(this.#reallyEnd, [body]);
    this.#visit.end();
    this.#mute(error);
    this.#release();
  }

  /** To who still produces, the response is as one whose reader has left: there pipelines end. */
  #tellProducer(): void {
    // The answer is still on its way.
    this.#patched.destroy = () => this.#res;
    for (const listener of this.#res.rawListeners("close").slice(this.#closeListeners)) {
      this.#res.removeListener("close", listener as Callback);
      Reflect.apply(listener, this.#res, []);
    }
  }

  /** Cut rather than ended well, so that nobody takes the response for complete. */
  #cut(error: unknown): void {
    this.#visit.report(error, "cut");
    this.#mute(error);
    this.#visit.end();
    if (this.#spared !== undefined) condemn(this.#spared);
    this.#release();
    cutReply(this.#res);
  }

  #mute(error: unknown): void {
    this.#phase = "mute";
    this.#held?.giveUp(error);
    this.#held = undefined;
  }
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  const last = args.at(-1);
  return typeof last === "function" ? (last as Callback) : undefined;
}
