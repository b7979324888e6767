import { pooledRandom } from "../../core/environment.ts";
import type { EpochMs } from "../../core/record.ts";
import { ownSecret } from "../own-secret.ts";
import { RingKey } from "../ring-key.ts";
import {
  type Entry,
  entriesToKeep,
  goneAt,
  isRotationDue,
  type KeyState,
  pendingEntry,
  type Rhythm,
  sealingEntry,
  stateOf,
  usableFrom,
} from "./entries.ts";
import type { RingRecord } from "./ring-record.ts";
import type { Wrapping } from "./wrapping.ts";

const SECRET_BYTES = 32;
const random = pooledRandom();

/** What is known of a key. No secret is among it. Times are epoch ms. */
export interface KeyFacts {
  /** The eight characters by which errors name it. */
  readonly kid: string;
  /** `sealing` seals, `pending` will, `opening` opens what it has sealed, `revoked` is not believed. */
  readonly state: KeyState;
  readonly createdAt: EpochMs;
  /** From then on it seals. */
  readonly usableAt: EpochMs;
  /** When it goes for good; `undefined` as long as no other follows it. */
  readonly goneAt: EpochMs | undefined;
}

/** What a ring works with. */
export interface RingParts {
  readonly record: RingRecord;
  readonly wrapping: Wrapping;
  readonly rhythm: Rhythm;
  readonly now: () => EpochMs;
  /** Hears why the keys could not be read again. Those that are known go on. */
  readonly onError: (error: unknown) => void;
}

/** What this process knows at a moment: which keys, in which order, and for how long that holds. */
interface View {
  readonly keys: readonly string[];
  readonly retired: ReadonlySet<string>;
  readonly until: EpochMs;
}

const NO_VIEW: View = { keys: [], retired: new Set(), until: Number.NEGATIVE_INFINITY };

/** A ring that this process reads again and again, and turns where that is due. */
export class TurningRing {
  readonly #parts: RingParts;
  #entries: readonly Entry[] = [];
  /** Secrets by their wrapped form. */
  #secrets: ReadonlyMap<string, string> = new Map();
  #view: View = NO_VIEW;
  #readAt: EpochMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(parts: RingParts) {
    this.#parts = parts;
  }

  /** The keys as of now: the one that seals, then the others. The same array as long as nothing changes. */
  get keys(): readonly string[] {
    return this.#current().keys;
  }

  /** The ids of those that are revoked. */
  get retired(): ReadonlySet<string> {
    return this.#current().retired;
  }

  /** Reads the ring, and turns it where that is due. One at a time. */
  refresh(): Promise<void> {
    this.#reading ??= this.#turn((entries, now) => {
      return isRotationDue(entries, now, this.#parts.rhythm)
        ? this.#withNew(entries, now)
        : undefined;
    }).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Publishes a new key, unless one waits already. */
  async rotate(): Promise<KeyFacts> {
    await this.#turn((entries, now) =>
      pendingEntry(entries, now) === undefined ? this.#withNew(entries, now) : undefined,
    );
    const now = this.#parts.now();
    const entry = pendingEntry(this.#entries, now) ?? sealingEntry(this.#entries, now);
    if (entry === undefined) throw new Error("The ring has no key, though one was just made.");
    return this.#factsOf(entry, now);
  }

  /** Takes a key out. Resolves to whether it was in. */
  async revoke(kid: string): Promise<boolean> {
    let wasIn = false;
    await this.#turn(async (entries, now) => {
      wasIn = entries.some((entry) => entry.kid === kid && entry.revokedAt === undefined);
      if (!wasIn) return undefined;
      const left = entries.map((entry) =>
        entry.kid === kid ? { ...entry, revokedAt: now } : entry,
      );
      return isRotationDue(left, now, this.#parts.rhythm) ? this.#withNew(left, now) : left;
    });
    return wasIn;
  }

  list(): readonly KeyFacts[] {
    const now = this.#parts.now();
    return this.#entries.map((entry) => this.#factsOf(entry, now));
  }

  async #turn(
    change: (
      entries: readonly Entry[],
      now: EpochMs,
    ) => Promise<readonly Entry[] | undefined> | undefined,
  ): Promise<void> {
    const { record, rhythm } = this.#parts;
    const now = this.#parts.now();
    const endsAt = now + 2 * rhythm.rotateEveryMs + rhythm.keepForMs;
    const entries = await record.change(
      async (newest) => {
        const changed = await change(newest, now);
        return changed && entriesToKeep(changed, now, rhythm);
      },
      this.#entries,
      now,
      endsAt,
    );
    this.#secrets = await this.#unwrapped(entries);
    this.#entries = entries;
    this.#readAt = now;
    this.#view = NO_VIEW;
  }

  async #withNew(entries: readonly Entry[], now: EpochMs): Promise<readonly Entry[]> {
    const secret = Uint8Array.from(random(SECRET_BYTES));
    const entry: Entry = {
      kid: new RingKey(secret).sealHead,
      wrapped: await this.#parts.wrapping.wrap(secret),
      createdAt: now,
      usableAt: usableFrom(entries, now, this.#parts.rhythm),
      revokedAt: undefined,
    };
    return [entry, ...entries];
  }

  /** What was unwrapped before is not asked for again. */
  async #unwrapped(entries: readonly Entry[]): Promise<ReadonlyMap<string, string>> {
    const pairs = entries
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map(async ({ wrapped }): Promise<readonly [string, string]> => {
        const known = this.#secrets.get(wrapped);
        return [wrapped, known ?? ownSecret(await this.#parts.wrapping.unwrap(wrapped))];
      });
    return new Map(await Promise.all(pairs));
  }

  #current(): View {
    const now = this.#parts.now();
    const isOverdue = now - this.#readAt >= this.#parts.rhythm.refreshEveryMs;
    if (isOverdue && this.#reading === undefined) this.refresh().catch(this.#parts.onError);
    if (now >= this.#view.until) this.#view = this.#viewAt(now);
    return this.#view;
  }

  #viewAt(now: EpochMs): View {
    const entries = entriesToKeep(this.#entries, now, this.#parts.rhythm);
    const sealing = sealingEntry(entries, now);
    const others = entries.filter((entry) => entry !== sealing && entry.revokedAt === undefined);
    const ordered = sealing === undefined ? others : [sealing, ...others];
    const changes = entries.flatMap((entry) => [
      entry.usableAt,
      goneAt(entry, entries, this.#parts.rhythm),
    ]);
    return {
      keys: ordered.flatMap(({ wrapped }) => this.#secrets.get(wrapped) ?? []),
      retired: new Set(
        entries.filter((entry) => entry.revokedAt !== undefined).map(({ kid }) => kid),
      ),
      until: Math.min(...changes.filter((at) => at > now)),
    };
  }

  #factsOf(entry: Entry, now: EpochMs): KeyFacts {
    const { kid, createdAt, usableAt } = entry;
    const gone = goneAt(entry, this.#entries, this.#parts.rhythm);
    return {
      ...{ kid, createdAt, usableAt },
      state: stateOf(entry, this.#entries, now),
      goneAt: Number.isFinite(gone) ? gone : undefined,
    };
  }
}
