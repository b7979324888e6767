// Comes: ours, or once somebody's old cookie. Goes: ours, and theirs expired as soon as ours is stored.
import { createHmac } from "node:crypto";
import type { CookieCarrier, CookiePassage } from "../../../src/cookies/cookie-carrier.ts";
import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import type { SessionRecord, StoredSession } from "../../../src/core/record.ts";
import type { Home, Records } from "../../../src/core/records.ts";
import type { SessionStore, StoreCall } from "../../../src/core/store.ts";
import { type SessionId, type SessionToken, sessionId } from "../../../src/core/token.ts";
import { around } from "./support/around.ts";

/** The sessions of before. */
export interface OldSessions {
  /** The key in their cookie, if it is believed. */
  keyIn(exchange: Exchange): string | undefined;
  /** What a key leads to, as a record under our id; each time of the same version. */
  read(key: string, id: SessionId, call: StoreCall): Promise<SessionRecord | undefined>;
  end(key: string, call: StoreCall): Promise<void>;
  expire(exchange: Exchange): void;
}

/** Carries our sessions, and begins them where an old one comes. */
export class AdoptingCarrier implements Carrier {
  readonly ours: CookieCarrier;
  readonly old: OldSessions;
  readonly secret: string;

  constructor(ours: CookieCarrier, old: OldSessions, secret: string) {
    this.ours = ours;
    this.old = old;
    this.secret = secret;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new AdoptingPassage(this, exchange, home);
  }

  /** Requests that bring the same old cookie at once begin one session. */
  identityFor(key: string): Identity {
    const token = createHmac("sha256", this.secret).update(key).digest("base64url") as SessionToken;
    return { token, id: sessionId(token, this.ours.name) };
  }
}

class AdoptingPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly #old: OldSessions;
  readonly #exchange: Exchange;
  readonly #ours: CookiePassage;
  readonly #adoption: Adoption | undefined = undefined;

  constructor(carrier: AdoptingCarrier, exchange: Exchange, home: Home) {
    const { ours, old } = carrier;
    this.#old = old;
    this.#exchange = exchange;
    this.#ours = ours.arrive(exchange, home);
    const key = this.#ours.presented.length === 0 ? old.keyIn(exchange) : undefined;
    if (key === undefined) {
      this.presented = this.#ours.presented;
      this.records = home;
      return;
    }
    const adopted = carrier.identityFor(key);
    this.#adoption = new Adoption(home.keeper.store, old, key, adopted.id);
    this.presented = [adopted];
    this.records = home.over(this.#adoption.store);
  }

  get rejected(): readonly Rejection[] {
    return this.#ours.rejected;
  }

  get hasSurplus(): boolean {
    return this.#ours.hasSurplus;
  }

  get obstacle(): string | undefined {
    return this.#ours.obstacle;
  }

  issue(): Identity {
    return this.#ours.issue();
  }

  /** Core takes it that the browser holds our token already; where it is new, it is sent after all. */
  leave(farewell: Farewell): boolean {
    const isOver = this.#adoption?.isOver === true;
    if (isOver && this.obstacle === undefined) this.#old.expire(this.#exchange);
    const isNews = isOver && farewell.cookie === "keep";
    return this.#ours.leave(isNews ? { ...farewell, cookie: "send" } : farewell) || isOver;
  }
}

/** Shows the old session under our id, and stores it there with the first write: a reader writes nothing. */
class Adoption {
  readonly store: SessionStore;
  /** Whether what comes next is ours. */
  isOver = false;
  readonly #ours: SessionStore;
  readonly #old: OldSessions;
  readonly #key: string;
  readonly #id: SessionId;

  constructor(ours: SessionStore, old: OldSessions, key: string, id: SessionId) {
    this.#ours = ours;
    this.#old = old;
    this.#key = key;
    this.#id = id;
    this.store = around(ours, {
      load: (id, call) => this.#load(id, call),
      update: async (record, expected, call) => {
        await this.#adopt(record.id, call);
        return ours.update(record, expected, call);
      },
      end: async (tombstone, expected, call) => {
        await this.#adopt(tombstone.id, call);
        const outcome = await ours.end(tombstone, expected, call);
        // Else the old cookie would begin it again once the tombstone has gone.
        if (tombstone.id === this.#id) await old.end(key, call);
        return outcome;
      },
      touch: async (id, seen, call) => {
        await this.#adopt(id, call);
        return (await ours.touch?.(id, seen, call)) ?? true;
      },
    });
  }

  async #load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const stored = await this.#ours.load(id, call);
    if (id !== this.#id) return stored;
    this.isOver = stored !== undefined;
    return stored ?? this.#old.read(this.#key, id, call);
  }

  async #adopt(id: SessionId, call: StoreCall): Promise<void> {
    if (id !== this.#id || this.isOver) return;
    const record = await this.#old.read(this.#key, id, call);
    // One that another request has begun meanwhile stays as it is.
    if (record !== undefined) await this.#ours.create(record, call);
    this.isOver = true;
  }
}
