// Comes: our token, from which a second key is derived. Goes: our token; the store never holds what opens its data.

import { hkdfSync } from "node:crypto";
import type { CookieCarrier, CookiePassage } from "../../../src/cookies/cookie-carrier.ts";
import { StoreError } from "../../../src/core/errors.ts";
import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import { type SessionRecord, UNREADABLE_DATA } from "../../../src/core/record.ts";
import type { Home, Records } from "../../../src/core/records.ts";
import type { EndOutcome, SessionStore, UpdateOutcome } from "../../../src/core/store.ts";
import type { SessionId } from "../../../src/core/token.ts";
import { around } from "./support/around.ts";

const KEY_BYTES = 32;

/** Carries our sessions, whose data nobody reads without the browser's token. */
export class DataKeyCarrier implements Carrier {
  readonly #ours: CookieCarrier;

  constructor(ours: CookieCarrier) {
    this.#ours = ours;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new DataKeyPassage(this.#ours.arrive(exchange, home), home);
  }
}

class DataKeyPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly #ours: CookiePassage;
  readonly #keys = new DataKeys();

  constructor(ours: CookiePassage, home: Home) {
    this.#ours = ours;
    this.records = home.over(this.#keys.over(home.keeper.store));
    this.presented = ours.presented;
    for (const identity of this.presented) this.#keys.know(identity);
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
    const identity = this.#ours.issue();
    this.#keys.know(identity);
    return identity;
  }

  leave(farewell: Farewell): boolean {
    return this.#ours.leave(farewell);
  }
}

/** The keys of one request's tokens, and a store that seals each record under its own. */
class DataKeys {
  readonly #keys = new Map<SessionId, Uint8Array>();

  know({ token, id }: Identity): void {
    this.#keys.set(id, new Uint8Array(hkdfSync("sha256", token, "", "sojourn/data", KEY_BYTES)));
  }

  over(store: SessionStore): SessionStore {
    return around(store, {
      load: async (id, call) => {
        const stored = await store.load(id, call);
        return stored?.kind === "live" ? this.#opened(stored) : stored;
      },
      create: async (record, call) => store.create(this.#sealed(record), call),
      update: async (record, expected, call) =>
        this.#met(await store.update(this.#sealed(record), expected, call)),
      end: async (tombstone, expected, call) =>
        this.#met(await store.end(tombstone, expected, call)),
    });
  }

  #met<Outcome extends UpdateOutcome | EndOutcome>(outcome: Outcome): Outcome {
    if (outcome.kind !== "conflict") return outcome;
    return { ...outcome, current: this.#opened(outcome.current) };
  }

  #sealed(record: SessionRecord): SessionRecord {
    const key = this.#keys.get(record.id);
    if (key === undefined || record.data === UNREADABLE_DATA) {
      throw new StoreError("update", "failed", "the token of what it holds is not known here");
    }
    return { ...record, data: sealedWith(key, record.data, record.id) };
  }

  /** One that a parallel request has gone on under is of another token: its data stays closed. */
  #opened(record: SessionRecord): SessionRecord {
    const key = this.#keys.get(record.id);
    const data = key && openedWith(key, record.data, record.id);
    return { ...record, data: data ?? UNREADABLE_DATA };
  }
}

/** A JSON object with one key, for stores that look. */
declare function sealedWith(key: Uint8Array, data: string, id: SessionId): string;
declare function openedWith(key: Uint8Array, sealed: string, id: SessionId): string | undefined;
