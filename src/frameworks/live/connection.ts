import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import { SessionEndedError, SessionError, StoreError } from "../../core/errors.ts";
import { messageOf } from "../../core/events.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { TokenWatcher } from "../../core/hearing/token-watch.ts";
import type { EndedReason } from "../../core/onlooker.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { pathOf } from "../../core/report.ts";
import { behind } from "../../core/request/behind.ts";
import { judge } from "../../core/request/guards.ts";
import type { SessionState } from "../../core/request/session-state.ts";
import { Visit } from "../../core/request/visit.ts";
import type { Session } from "../../core/session.ts";
import type { Handshake } from "./handshake.ts";
import {
  endBy,
  type LiveEnd,
  type LiveEndListener,
  type LiveEndReason,
  type LiveSession,
} from "./live-session.ts";

/** A connection that is used asks no more often whether its activity is to be written down. */
const ASKED_MS = 30_000;

/** What all connections of a manager share. */
export interface Switchboard {
  /** As {@link liveEngine} makes it. */
  readonly engine: Engine;
  /** It looks at the session at once. */
  lookAt(connection: Connection): void;
  /** Nobody knows whether it lives, since now. */
  doubt(connection: Connection): void;
  /** It lives, or nobody asks any more. */
  know(connection: Connection): void;
}

/** One live connection, and what it knows of its session. */
export class Connection implements LiveSession<object>, TokenWatcher {
  readonly userId: string | undefined;
  readonly #board: Switchboard;
  readonly #handshake: Handshake;
  #listeners: Set<LiveEndListener> | undefined;
  #abort: AbortController | undefined;
  #stop: (() => void) | undefined;
  #ended: LiveEnd | undefined;
  #isClosed = false;
  /** Before, nothing that is done is written down as activity. */
  #asksAt: EpochMs;

  constructor(board: Switchboard, handshake: Handshake, { userId }: SessionRecord) {
    this.userId = userId;
    this.#board = board;
    this.#handshake = handshake;
    // The handshake is none: whoever connects again and again by itself does not use it.
    this.#asksAt = 0;
  }

  get id(): Handshake["identity"]["id"] {
    return this.#handshake.identity.id;
  }

  get ended(): LiveEnd | undefined {
    return this.#ended;
  }

  /** Made on demand: of ten thousand sockets few are asked for one. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isClosed) this.#abort.abort(this.#reason());
    return this.#abort.signal;
  }

  async open(): Promise<Session<object>> {
    if (this.#isClosed) throw new SessionEndedError("open the session");
    const visit = this.#visit();
    const { session } = await this.#opened(visit);
    return session;
  }

  touch(): void {
    const now = this.#board.engine.environment.now();
    if (this.#isClosed || now < this.#asksAt) return;
    this.#asksAt = now + ASKED_MS;
    this.#touchNow().catch((error: unknown) => this.#report(error));
  }

  onEnded(listener: LiveEndListener): () => void {
    if (this.#ended !== undefined) {
      this.#tell(listener, this.#ended);
      return () => undefined;
    }
    const entry: LiveEndListener = (end) => listener(end);
    this.#listeners ??= new Set();
    this.#listeners.add(entry);
    return () => void this.#listeners?.delete(entry);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop?.();
    this.#board.know(this);
    this.#listeners = undefined;
    this.#abort?.abort(this.#reason());
  }

  /** Ends it, and says why. */
  end(reason: LiveEndReason): void {
    if (this.#isClosed) return;
    const end = endBy(reason);
    const listeners = this.#listeners ?? [];
    this.#ended = end;
    this.close();
    for (const listener of listeners) this.#tell(listener, end);
  }

  /** Takes what stops watching, and is called as the connection ends. */
  stopBy(stop: () => void): void {
    const before = this.#stop;
    this.#stop = () => {
      before?.();
      stop();
    };
    if (this.#isClosed) stop();
  }

  async livesOn(record: SessionRecord, deadline: Deadline): Promise<void> {
    const refusal = await refusalBy(this.#board.engine, record, deadline, this.#handshake.request);
    if (refusal === undefined) this.#board.know(this);
    else this.end(refusal);
  }

  isOver(reason: EndedReason): void {
    this.end(reason);
  }

  mayBeOver(): void {
    if (!this.#isClosed) this.#board.doubt(this);
  }

  /** A request that comes after its response's head: it reads and writes, and sends no cookie. */
  #visit(): Visit {
    const visit = new Visit(this.#board.engine, this.#handshake);
    visit.headersSent();
    // What is changed is stored at once, as no end of a response comes.
    void visit.afterLeaving();
    return visit;
  }

  async #opened(visit: Visit): Promise<{ session: Session<object>; state: SessionState }> {
    // Who has begun it was asked at the handshake.
    const session = await visit.open(true, "allow").catch((error: unknown) => {
      if (isRefusal(error)) this.#board.lookAt(this);
      throw error;
    });
    const { state } = behind(session, "connection.open()");
    if (state.condition === "live" && !this.#isClosed) return { session, state };
    if (state.condition === "locked") this.end("locked");
    // Why it is over is found out by looking.
    else this.#board.lookAt(this);
    throw new SessionEndedError("open the session");
  }

  async #touchNow(): Promise<void> {
    const visit = this.#visit();
    await this.#opened(visit);
    await visit.beforeHeaders(200);
  }

  #report(error: unknown): void {
    // It is told of as what it is: an end.
    if (error instanceof SessionEndedError) return;
    const { name, environment } = this.#board.engine;
    const { method, target } = this.#handshake.request;
    const context = { name, method, path: pathOf(target), outcome: "background" } as const;
    environment.report(error, context, false);
  }

  #reason(): Error | undefined {
    return this.#ended && new SessionEndedError("go on with the connection");
  }

  #tell(listener: LiveEndListener, end: LiveEnd): void {
    const complain = (error: unknown): void => {
      const sentence = `A listener of a live connection failed: ${messageOf(error)}`;
      this.#board.engine.environment.notice(sentence);
    };
    try {
      const result = listener(end);
      if (result instanceof Promise) result.catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}

/** Whether a guard has thrown it, and no store. */
function isRefusal(error: unknown): boolean {
  return error instanceof SessionError && !(error instanceof StoreError);
}

/** Why the guards do not let the connection go on. */
async function refusalBy(
  engine: Engine,
  record: SessionRecord,
  deadline: Deadline,
  request: RequestHead,
): Promise<LiveEndReason | undefined> {
  try {
    const verdict = await judge(engine, record, deadline, request);
    if (verdict === undefined) return undefined;
    if (verdict.kind === "accepted") return verdict.isLocked === true ? "locked" : undefined;
    return verdict.kind === "ended" ? "revoked" : "refused";
  } catch (error) {
    // What comes anew with each request does not come with a connection that is open.
    if (isRefusal(error)) return "unproven";
    throw error;
  }
}
