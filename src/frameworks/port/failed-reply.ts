import { type Callback, type HeldAnswer, setTrailer } from "./held-answer.ts";
import { becomePlainAnswer, dropPage, isGone, type PlainAnswer } from "./node-exchange.ts";
import { pretendSent, revealEnd } from "./pretence.ts";
import type { ReplyInHand } from "./reply-in-hand.ts";

/** How long a page may take to be compressed whose commit has failed. */
const COMPRESSING_MS = 100;

/** How the framework answers instead, when what the handler wanted could not be kept. */
export interface Fallback {
  /** The handler has finished: the framework's error path can take over. */
  fail(error: unknown): void;
  /** The handler may still be writing: the plain answer to send in its place. */
  plainAnswer(error: unknown): PlainAnswer;
  /** Called when an answer begins to wait for its commit, longer than the framework expects. */
  beginWait?(): void;
  /**
   * Whether the framework prints what `fail` is given, so that we need not.
   *
   * @defaultValue `false`
   */
  readonly isPrinting?: boolean;
  /**
   * Whether the handler is still at work, and it is known when it is done: nobody has to wait then whether it
   * still answers a reader who has left.
   *
   * @defaultValue `false`
   */
  readonly isAwaited?: boolean;
}

/** Answers a failing commit in place of the page that waited for it. */
export class FailedReply {
  readonly #hand: ReplyInHand;
  readonly #fallback: Fallback;
  /** Whoever listened for the response to close before the handler did: loggers, compression. */
  readonly #closeListeners: number;
  #hasFailed = false;

  constructor(hand: ReplyInHand, fallback: Fallback) {
    this.#hand = hand;
    this.#fallback = fallback;
    this.#closeListeners = hand.res.listenerCount("close");
  }

  fail(error: unknown): void {
    const { held, isWrapped } = this.#hand;
    const answer = (): void => this.#hand.safely(() => this.#answerFor(error));
    // A handler that fails after its answer is heard of by Express two turns later, which must not
    // take the response for one without an answer.
    if (held?.isWhole === true) setImmediate(() => setImmediate(answer));
    // Compression before us may have the whole of it already.
    else if (isWrapped) setTimeout(answer, COMPRESSING_MS);
    else answer();
  }

  /** What Node refuses only now is a failure like any other, unless bytes are out. */
  failLate(error: unknown, held: HeldAnswer): void {
    const hand = this.#hand;
    hand.held = held;
    if (hand.res.headersSent || !held.isWhole) {
      hand.cut(error);
      return;
    }
    hand.wait(held);
    this.fail(error);
  }

  #answerFor(error: unknown): void {
    const { res, held, isGivenUp } = this.#hand;
    if (isGone(res)) this.#answerNobody(error);
    // The plain answer needs neither who has given the connection up nor what has failed as well.
    else if (held?.isWhole === true && !isGivenUp && !this.#hasFailed) this.#handOver(error);
    else this.#answerInPlace(error);
  }

  /** The reader has left meanwhile, and heard nothing of either. */
  #answerNobody(error: unknown): void {
    const { visit } = this.#hand;
    visit.report(error, "left");
    this.#hand.mute(error);
    visit.end();
    this.#hand.release();
  }

  /** The response is as if nothing had been asked for. */
  #reset(error: unknown): void {
    const { res, held } = this.#hand;
    held?.giveUp(error);
    this.#hand.held = undefined;
    pretendSent(res, false);
    revealEnd(res);
    dropPage(res);
    setTrailer(res, "");
  }

  #handOver(error: unknown): void {
    const hand = this.#hand;
    this.#reset(error);
    this.#hasFailed = true;
    hand.phase = "idle";
    hand.res.statusCode = 500;
    // Who put himself before us has seen his end, and may take no second one.
    hand.comeFirst();
    hand.release();
    hand.visit.report(error, "answered", this.#fallback.isPrinting === true);
    this.#fallback.fail(error);
  }

  /** The handler still holds the response and would write into the framework's error page. */
  #answerInPlace(error: unknown): void {
    const { res, visit } = this.#hand;
    this.#reset(error);
    visit.report(error, "answered");
    const plain = this.#fallback.plainAnswer(error);
    becomePlainAnswer(res, plain);
    const wait = visit.beforeHeaders(plain.status);
    if (wait === undefined) {
      this.#sendInPlace(plain, error);
      return;
    }
    this.#hand.wait();
    wait.then(
      () => this.#hand.safely(() => this.#sendInPlace(plain, error)),
      (second: unknown) => this.#hand.cut(second),
    );
  }

  #sendInPlace({ status, body }: PlainAnswer, error: unknown): void {
    const hand = this.#hand;
    hand.mute(error);
    // Before there is an answer that is finished: a producer takes that for its own success.
    pretendSent(hand.res, true);
    this.#tellProducer();
    pretendSent(hand.res, false);
    // The handler may have ended its own meanwhile.
    revealEnd(hand.res);
    hand.res.statusCode = status;
    hand.phase = "flowing";
    hand.reallyEnd([body]);
    hand.visit.end();
    hand.phase = "mute";
    hand.release();
  }

  /** To who still produces, the response is as one whose reader has left: there pipelines end. */
  #tellProducer(): void {
    const { res, methods } = this.#hand;
    // The answer is still on its way.
    methods.destroy = () => res;
    for (const listener of res.rawListeners("close").slice(this.#closeListeners)) {
      res.removeListener("close", listener as Callback);
      Reflect.apply(listener, res, []);
    }
  }
}
