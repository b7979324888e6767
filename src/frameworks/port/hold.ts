import type { ServerResponse } from "node:http";
import type { Visit } from "../../core/request/visit.ts";
import { DrainListeners } from "./drain-listeners.ts";
import type { Front, Method } from "./entrance.ts";
import { FailedReply, type Fallback } from "./failed-reply.ts";
import { type HeadList, setHead } from "./head-list.ts";
import { type Callback, giveUp, HeldAnswer, type Step } from "./held-answer.ts";
import { isGone } from "./node-exchange.ts";
import {
  checkEncoding,
  checkStatusMessage,
  destroyed,
  headersSent,
  isChunk,
  statusOf,
} from "./node-refusals.ts";
import { letSend, pretendSent } from "./pretence.ts";
import { ReplyInHand } from "./reply-in-hand.ts";

export type { Fallback } from "./failed-reply.ts";

/** How long a handler whose reader has left may take to begin its answer: some never do then. */
const PATIENCE_MS = 3_000;

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

/** Takes what a handler asks for, and lets it go when the commit is done. */
class HeldReply implements Front {
  readonly #res: ServerResponse;
  readonly #visit: Visit;
  readonly #hand: ReplyInHand;
  readonly #failed: FailedReply;
  readonly #fallback: Fallback;
  readonly #drainListeners: DrainListeners | undefined;

  constructor(res: ServerResponse, visit: Visit, fallback: Fallback) {
    this.#res = res;
    this.#visit = visit;
    this.#fallback = fallback;
    const hand = new ReplyInHand(res, visit, this);
    this.#hand = hand;
    // Before there is one that looks who listens.
    if (!res.headersSent) this.#watchReader();
    this.#failed = new FailedReply(hand, fallback);
    if (typeof hand.methods.flush === "function") this.#patchInTurn("flush");
    if (hand.hasOtherOn) this.#drainListeners = new DrainListeners(res);
    if (res.headersSent) this.#joinLate();
  }

  writeHead(args: unknown[]): unknown {
    this.#takeHead(args);
    return this.#res;
  }

  write(args: unknown[]): boolean {
    const [chunk, encoding] = args;
    if (!isChunk(chunk)) return this.#refuse("write", args);
    if (this.#hand.phase === "idle") this.#begin();
    if (this.#hand.phase === "flowing") return this.#hand.reallyWrite(args) !== false;
    const step = (): unknown => this.#hand.reallyWrite(args);
    const held = this.#hand.held;
    if (held === undefined) giveUp(callbackOf(args), destroyed(undefined));
    else if (held.isWhole) held.comeLate(step, callbackOf(args));
    else {
      checkEncoding(this.#res, chunk, encoding);
      held.keep(step, callbackOf(args));
      return held.hasRoomFor(chunk, this.#drainListeners === undefined && !this.#hand.isWrapped);
    }
    return false;
  }

  end(args: unknown[]): unknown {
    this.#takeEnd(args);
    return this.#res;
  }

  flushHeaders(): void {
    // As Node does: whoever has wrapped writeHead sees the head before it is out.
    if (this.#hand.phase === "idle") this.#res.writeHead(this.#res.statusCode);
    this.#pass(() => this.#hand.reallyFlushHeaders());
  }

  /** What begins no response, and says when the pieces of one are to go out. */
  #patchInTurn(name: "flush" | "cork" | "uncork"): void {
    const really = this.#hand.methods[name];
    const inTurn: Method = (...args) => this.#pass(() => this.#hand.really(really, args));
    this.#hand.methods[name] = inTurn;
  }

  /** The first byte was out before the session was opened. */
  #joinLate(): void {
    this.#visit.headersSent();
    if (this.#res.writableEnded) {
      this.#visit.outlive();
      return;
    }
    this.#watchReader();
  }

  /** Lets Node itself refuse, in its own words, what it never takes. */
  #refuse(name: "write" | "end", args: unknown[]): boolean {
    return this.#hand.really(Object.getPrototypeOf(this.#res)[name], args) !== false;
  }

  #takeHead(args: unknown[]): void {
    if (this.#hand.phase === "mute") return;
    if (this.#hand.phase === "waiting") {
      this.#refuseHead(args);
      return;
    }
    const [status, reason, headers] = args;
    const code = statusOf(status);
    const isFirst = this.#hand.phase === "idle" && code !== undefined;
    const list = typeof reason === "string" ? headers : (headers ?? reason);
    if (!isFirst || !setHead(this.#res, list as HeadList | undefined)) {
      this.#hand.reallyWriteHead(args);
      return;
    }
    this.#res.statusCode = code;
    if (typeof reason === "string") this.#res.statusMessage = reason;
    const real = typeof reason === "string" ? [code, reason] : [code];
    this.#begin();
    this.#pass(() => this.#hand.reallyWriteHead(real));
  }

  #refuseHead(args: unknown[]): void {
    // compression before 1.7.5 repeats the status at each write until Node has the header.
    const isSame = args.length === 1 && this.#hand.held?.isOfStatus(args[0]) === true;
    if (!isSame || !this.#hand.isWrapped) throw headersSent(this.#res);
  }

  #takeEnd(args: unknown[]): void {
    const [chunk, encoding] = args;
    const hasBody = Boolean(chunk) && typeof chunk !== "function";
    if (hasBody && !isChunk(chunk) && this.#hand.held?.isWhole !== true) {
      this.#refuse("end", args);
      return;
    }
    if (this.#hand.phase === "idle") this.#begin(true);
    const step = (): unknown => this.#hand.reallyEnd(args);
    const held = this.#hand.held;
    if (this.#hand.phase === "flowing") this.#finish(step, callbackOf(args));
    else if (held === undefined) giveUp(callbackOf(args), destroyed(undefined));
    else if (held.isWhole) held.comeLate(step, callbackOf(args), hasBody);
    else {
      checkEncoding(this.#res, chunk, encoding);
      held.keepEnd(step, callbackOf(args));
      this.#hand.becomeWhole();
    }
  }

  /** Lets a step through, or keeps it until the commit is done. */
  #pass(step: Step): void {
    if (this.#hand.phase === "waiting") this.#hand.held?.keep(step);
    else if (this.#hand.phase !== "mute") step();
  }

  #begin(isWhole = false): void {
    const status = statusOf(this.#res.statusCode);
    // Node throws, and nothing has begun.
    if (status === undefined) this.#hand.reallyWriteHead([this.#res.statusCode]);
    checkStatusMessage(this.#res);
    const wait = this.#visit.beforeHeaders(status ?? 0);
    if (wait === undefined) {
      this.#hand.phase = "flowing";
      if (!isWhole) this.#lookForReader();
      return;
    }
    this.#hand.wait();
    this.#fallback.beginWait?.();
    // To hold back a whole answer's pieces is too late: Node lets go of them at its end.
    if (!isWhole) {
      this.#patchInTurn("cork");
      this.#patchInTurn("uncork");
    }
    wait.then(
      () => this.#letGo(),
      (error: unknown) => this.#failed.fail(error),
    );
  }

  #letGo(): void {
    const held = this.#hand.held;
    if (held === undefined) return;
    this.#hand.phase = "flowing";
    this.#hand.held = undefined;
    this.#drainListeners?.stop();
    // Compression mounted before us writes its headers now, and asks first whether it still may.
    pretendSent(this.#res, false);
    letSend(this.#res);
    try {
      held.send(() => this.#hand.reallyWriteHead([this.#res.statusCode]));
      if (held.isWhole) this.#finish(() => held.sendEnd(), undefined, held);
      else this.#goOn(held);
    } catch (error) {
      this.#failed.failLate(error, held);
    }
  }

  #goOn({ isDrainOwed }: HeldAnswer): void {
    this.#lookForReader();
    if (!isDrainOwed) return;
    this.#res.emit("drain");
    this.#drainListeners?.drain();
  }

  #watchReader(): void {
    // First: what is piped lets go of the response at its end.
    if (!this.#lookForReader()) this.#res.prependListener("close", () => this.#leave());
  }

  /** Whether the reader has left. */
  #lookForReader(): boolean {
    const hasLeft = isGone(this.#res);
    if (hasLeft) this.#leave();
    return hasLeft;
  }

  /** A reader who leaves is the end of many streams, and what they changed is kept. */
  #leave(): void {
    // Who ended the response is not left alone, and a producer that broke keeps nothing.
    if (this.#visit.phase === "ended" || this.#res.errored) return;
    // After the handler's own listeners, which may have last words.
    if (this.#hand.phase === "flowing") setImmediate(() => this.#keepForNobody());
    else if (this.#hand.phase === "idle") this.#awaitAnswer();
  }

  /** Who streams looks first whether anybody reads, and begins nothing then: what is piped is an answer. */
  #awaitAnswer(): void {
    const keep = (): void => {
      const isUnanswered = this.#hand.phase === "idle" && this.#res.statusCode < 500;
      if (isUnanswered) void this.#visit.keepUnanswered();
    };
    if (this.#res.listenerCount("unpipe") > 0) keep();
    else this.#res.once("pipe", () => setImmediate(keep));
    setTimeout(() => {
      if (this.#fallback.isAwaited !== true) keep();
    }, PATIENCE_MS).unref?.();
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
    this.#hand.phase = "ending";
    const answer = held ?? new HeldAnswer(this.#res);
    if (held === undefined) answer.keepEnd(step, callback);
    this.#hand.held = answer;
    this.#hand.becomeWhole();
    wait.then(
      () => this.#hand.safely(() => this.#finishNow(() => this.#sendEnd(answer))),
      (error: unknown) => this.#hand.cut(error),
    );
  }

  #sendEnd(answer: HeldAnswer): void {
    letSend(this.#res);
    answer.sendEnd();
  }

  #finishNow(step: Step): void {
    this.#hand.phase = "flowing";
    this.#hand.held = undefined;
    step();
    this.#visit.end();
    this.#hand.release();
  }
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  const last = args.at(-1);
  return typeof last === "function" ? (last as Callback) : undefined;
}
