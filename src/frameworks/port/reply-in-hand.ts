import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Holder, Visit } from "../../core/request/visit.ts";
import {
  type Entrance,
  entranceOf,
  type Front,
  isCovered,
  leadThrough,
  type Method,
} from "./entrance.ts";
import { HeldAnswer, type Step } from "./held-answer.ts";
import { cutReply } from "./node-exchange.ts";
import { pretendEnded, pretendSent } from "./pretence.ts";
import { condemn, isDoomed, release, spare } from "./spared-socket.ts";

/** What else a handler moves a response by; `flush` is compression's. */
type Name = "flush" | "cork" | "uncork" | "destroy";

/**
 * `idle`: no byte was asked for yet. `waiting`: the first byte waits for the commit. `flowing`: it
 * was let go. `ending`: the last byte waits. `mute`: the response was answered in the handler's
 * place, or cut, and what the handler still writes goes nowhere.
 */
type Phase = "idle" | "waiting" | "flowing" | "ending" | "mute";

/**
 * A response in our hands: its methods as they were, how far it is, and what is held of it, each in a
 * field: docs/decisions/0060.
 */
export class ReplyInHand implements Holder {
  readonly res: ServerResponse;
  readonly visit: Visit;
  readonly methods: Record<Name, Method>;
  readonly #entrance: Entrance;
  readonly #front: Front;
  /** What was there before ours. */
  readonly #behind: Front;
  phase: Phase;
  held: HeldAnswer | undefined;
  /** The connection, while a whole answer waits. */
  #spared: Socket | undefined;
  #reallyDestroy: Method | undefined;
  /** What somebody wanted of the response while a whole answer waited. */
  #destroyLater: Step | undefined;

  constructor(res: ServerResponse, visit: Visit, front: Front) {
    this.res = res;
    this.visit = visit;
    this.methods = res as unknown as Record<Name, Method>;
    const entrance = entranceOf(res);
    this.#entrance = entrance;
    this.#front = front;
    this.#behind = entrance.take(front);
    this.phase = res.headersSent ? "flowing" : "idle";
    visit.holder = this;
  }

  /** Puts the front before whoever has put himself before it. */
  comeFirst(): void {
    this.#entrance.take(this.#front);
    leadThrough(this.res);
  }

  /** Whether somebody has put himself before us. */
  get isWrapped(): boolean {
    return this.#entrance.front !== this.#front || isCovered(this.res);
  }

  /** Whether somebody behind us keeps the listeners of the response. */
  get hasOtherOn(): boolean {
    return this.#entrance.hasOtherOn(this.res);
  }

  /** Calls one of the methods that were there before ours. */
  really(method: Method, args: unknown[]): unknown {
    return Reflect.apply(method, this.res, args);
  }

  reallyWriteHead(args: unknown[]): unknown {
    return this.#behind.writeHead(args);
  }

  reallyWrite(args: unknown[]): unknown {
    return this.#behind.write(args);
  }

  reallyEnd(args: unknown[]): unknown {
    return this.#behind.end(args);
  }

  reallyFlushHeaders(): void {
    this.#behind.flushHeaders([]);
  }

  /** Lets the engine write its headers to a response that is closed to everybody else. */
  unlock(): void {
    if (this.phase === "waiting") pretendSent(this.res, false);
  }

  lock(): void {
    if (this.phase === "waiting") pretendSent(this.res, true);
  }

  /** From here on the first byte waits. */
  wait(held: HeldAnswer = new HeldAnswer(this.res)): void {
    this.phase = "waiting";
    this.held = held;
    pretendSent(this.res, true);
  }

  /** From here on nobody can take the answer back, whatever the handler does later. */
  becomeWhole(): void {
    pretendEnded(this.res);
    if (this.#reallyDestroy !== undefined) return;
    const really = this.methods.destroy;
    this.#reallyDestroy = really;
    const destroy: Method = (...args) => {
      if (this.#spared === undefined) this.#destroyLater = () => this.really(really, args);
      else this.#spared.destroy();
      return this.res;
    };
    this.methods.destroy = destroy;
    // HTTP/2's is made up for each request.
    const socket = "stream" in this.res ? undefined : this.res.req?.socket;
    if (typeof socket?.destroy !== "function") return;
    this.#spared = socket;
    spare(socket);
  }

  /** The answer is out, or is not to come: what somebody wanted meanwhile is done. */
  release(): void {
    if (this.#reallyDestroy === undefined) return;
    this.methods.destroy = this.#reallyDestroy;
    this.#reallyDestroy = undefined;
    this.#destroyLater?.();
    const socket = this.#spared;
    this.#spared = undefined;
    if (socket !== undefined) release(socket);
  }

  /** Whether somebody has given the response up while a whole answer waited. */
  get isGivenUp(): boolean {
    const isDoomedSocket = this.#spared !== undefined && isDoomed(this.#spared);
    return isDoomedSocket || this.#destroyLater !== undefined;
  }

  /** What the handler still writes goes nowhere, and its callbacks hear of it. */
  mute(error: unknown): void {
    this.phase = "mute";
    this.held?.giveUp(error);
    this.held = undefined;
  }

  /** Cut rather than ended well, so that nobody takes the response for complete. */
  cut(error: unknown): void {
    this.visit.report(error, "cut");
    this.mute(error);
    this.visit.end();
    if (this.#spared !== undefined) condemn(this.#spared);
    this.release();
    cutReply(this.res);
  }

  /** The last catch: what is thrown here would end the process. */
  safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.cut(error);
    }
  }
}
