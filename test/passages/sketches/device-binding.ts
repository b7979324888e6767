// Comes: ours, and a short-lived cookie that only the device's key can renew. Goes: ours, and a wish for proof.
import type { CookieCarrier, CookiePassage } from "../../../src/cookies/cookie-carrier.ts";
import type { Guard } from "../../../src/core/engine.ts";
import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import { parseObject } from "../../../src/core/json.ts";
import { editNotes } from "../../../src/core/notes.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import type { SessionRecord } from "../../../src/core/record.ts";
import type { Home, Records } from "../../../src/core/records.ts";
import type { SessionStore } from "../../../src/core/store.ts";
import { around } from "./support/around.ts";

/** The library's entry for the key that a session is bound to. */
const BOUND_KEY = "k";

/** How devices prove themselves. */
export interface DeviceProofs {
  /** The thumbprint of the key whose short-lived cookie came, as long as it is believed. */
  provenBy(exchange: Exchange): string | undefined;
  /** Asks the browser to prove itself, and to come again. */
  challenge(exchange: Exchange): void;
}

/** Carries our sessions, and opens a bound one only with its device's proof. */
export class BoundCarrier implements Carrier {
  readonly #ours: CookieCarrier;
  readonly #proofs: DeviceProofs;

  constructor(ours: CookieCarrier, proofs: DeviceProofs) {
    this.#ours = ours;
    this.#proofs = proofs;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new BoundPassage(this.#ours.arrive(exchange, home), this.#proofs, exchange, home);
  }
}

/**
 * The same as a guard: refused, and the session stays as it is. A manager's guards see no request, so
 * it is one for each, and below the store refuses in its place.
 */
export function boundGuard(proven: string | undefined): Guard {
  return (record) =>
    isProven(record, proven) ? undefined : Promise.resolve({ kind: "refused", reason: "unknown" });
}

class BoundPassage implements Passage {
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly #ours: CookiePassage;
  readonly #proofs: DeviceProofs;
  readonly #exchange: Exchange;
  #hasRefused = false;

  constructor(ours: CookiePassage, proofs: DeviceProofs, exchange: Exchange, home: Home) {
    this.#ours = ours;
    this.#proofs = proofs;
    this.#exchange = exchange;
    this.records = home.over(this.#storeFor(home.keeper.store, proofs.provenBy(exchange)));
  }

  get presented(): readonly Identity[] {
    return this.#ours.presented;
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

  leave(farewell: Farewell): boolean {
    if (this.#hasRefused) this.#proofs.challenge(this.#exchange);
    return this.#ours.leave(farewell) || this.#hasRefused;
  }

  /** Without proof a bound session is not there; with it each one that is written is bound. */
  #storeFor(store: SessionStore, proven: string | undefined): SessionStore {
    return around(store, {
      load: async (id, call) => {
        const stored = await store.load(id, call);
        if (stored?.kind !== "live" || isProven(stored, proven)) return stored;
        this.#hasRefused = true;
        return undefined;
      },
      create: (record, call) => store.create(bound(record, proven), call),
      update: (record, expected, call) => store.update(bound(record, proven), expected, call),
    });
  }
}

function bound(record: SessionRecord, proven: string | undefined): SessionRecord {
  if (proven === undefined || record.userId === undefined) return record;
  const notes = editNotes(record.notes, [
    (entries) => {
      entries[BOUND_KEY] = proven;
    },
  ]);
  return { ...record, notes };
}

function isProven({ notes = "{}" }: SessionRecord, proven: string | undefined): boolean {
  const bound = parseObject(notes)?.[BOUND_KEY];
  return bound === undefined || bound === proven;
}
