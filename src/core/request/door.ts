import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { Rejection } from "../events.ts";
import type { RequestHead } from "../exchange.ts";
import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../record.ts";
import type { SessionId } from "../token.ts";
import type { Doorkeeper } from "./arrival.ts";
import { endMissed } from "./guards.ts";

/**
 * How long after an end a request may still be on its way that was sent before it. Longer than any
 * network takes: whoever has no newer cookie can write nothing until then.
 */
export const LATE_ARRIVAL_MS = 30_000;

/** Where a request's session comes in: whoever listens hears what does, and why something does not. */
export class Door implements Doorkeeper {
  readonly arrivedAt: EpochMs;
  readonly #engine: Engine;
  readonly #request: RequestHead;
  readonly #mayAct: () => boolean;
  #lately: Tombstone | undefined;

  /** @param mayAct - Whether the session may be changed, by how far the request is. */
  constructor(engine: Engine, request: RequestHead, arrivedAt: EpochMs, mayAct: () => boolean) {
    this.#engine = engine;
    this.#request = request;
    this.arrivedAt = arrivedAt;
    this.#mayAct = mayAct;
  }

  /** A session that ended so short a time ago that the request may have been on its way. */
  get lately(): Tombstone | undefined {
    return this.#lately;
  }

  get mayAct(): boolean {
    return this.#mayAct();
  }

  rejected(reason: Rejection, id?: SessionId): void {
    const { events, environment } = this.#engine;
    events.emit("rejected", { at: environment.now(), reason, id }, this.#request);
  }

  begun(stored: StoredSession): void {
    if (stored.kind !== "live") return;
    const { id, userId } = stored;
    const { events, environment } = this.#engine;
    events.emit("created", { at: environment.now(), id, userId }, this.#request);
  }

  expired(record: SessionRecord, timeout: "idle" | "absolute"): void {
    const { id, userId } = record;
    const { events, environment } = this.#engine;
    events.emit("expired", { at: environment.now(), id, userId, timeout }, this.#request);
    this.rejected("expired", id);
  }

  /**
   * Where the browser was given a newer cookie, or none, the old token comes from a request that
   * was already on its way: its response must not disturb. A revoked one still has the old cookie,
   * and so has one that arrives later: the answer that would have replaced it was lost.
   */
  metTombstone(tombstone: Tombstone): void {
    const { id, reason, endedAt } = tombstone;
    const isRevoked = reason === "revoked";
    if (!isRevoked && this.arrivedAt - endedAt < LATE_ARRIVAL_MS) this.#lately ??= tombstone;
    this.rejected(isRevoked ? "revoked" : "ended", id);
  }

  metMissed(record: SessionRecord, engine: Engine, deadline: Deadline): Promise<void> {
    return endMissed(engine, record, deadline);
  }
}
