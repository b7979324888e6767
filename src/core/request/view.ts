import { absoluteEndOf, endOf, idleEndOf } from "../clocks.ts";
import type { Duration } from "../duration.ts";
import type { Engine } from "../engine.ts";
import { type Factors, factorsIn } from "../factors.ts";
import { isFreshAt } from "../freshness.ts";
import { dueTimesIn, namingIn } from "../notes.ts";
import type { SessionRecord } from "../record.ts";
import type { FreshOptions, SessionView } from "../session.ts";
import type { Live } from "./arrival.ts";
import { refuseAssignments } from "./assignments.ts";
import { Draft } from "./draft.ts";

/** A live session for reading only. */
export function viewOf<D extends object>(
  { shape, environment }: Engine,
  { record, reading }: Pick<Live, "record" | "reading">,
): SessionView<D> {
  const dueTimes = dueTimesIn(record.notes);
  const draft = new Draft(shape, { ...reading, flash: [], dueTimes }, environment.now);
  return Object.freeze(new RecordView<D>(record, draft, environment.now));
}

class RecordView<D extends object> implements SessionView<D> {
  readonly id: string;
  readonly userId: string | undefined;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly idleEndsAt: number;
  readonly endsAt: number;
  readonly authenticatedAt: number | undefined;
  readonly factors: Factors;
  readonly persistent: boolean;
  readonly label: string | undefined;
  readonly place: string | undefined;
  readonly #draft: Draft;
  readonly #now: () => number;
  readonly #notes: string | undefined;

  static {
    refuseAssignments(
      RecordView.prototype,
      () => "what read() gives cannot be changed. Open the session: await sessions.open(request).",
    );
  }

  constructor(record: SessionRecord, draft: Draft, now: () => number) {
    this.id = record.id;
    this.userId = record.userId;
    this.createdAt = record.createdAt;
    this.lastSeenAt = record.lastSeenAt;
    this.expiresAt = endOf(record);
    this.idleEndsAt = idleEndOf(record);
    this.endsAt = absoluteEndOf(record);
    this.authenticatedAt = record.authenticatedAt;
    this.factors = factorsIn(record);
    this.persistent = record.persistent;
    const { label, place } = namingIn(record);
    this.label = label;
    this.place = place;
    this.#draft = draft;
    this.#now = now;
    this.#notes = record.notes;
  }

  get<K extends keyof D & string>(key: K): D[K] {
    return this.#draft.get(key) as D[K];
  }

  has(key: keyof D & string): boolean {
    return this.#draft.has(key);
  }

  *entries<K extends keyof D & string = keyof D & string>(): IterableIterator<[K, D[K]]> {
    for (const key of this.#draft.keys() as K[]) yield [key, this.get(key)];
  }

  isFresh(maxAge: Duration, options: FreshOptions = {}): boolean {
    const { authenticatedAt } = this;
    return isFreshAt({ authenticatedAt, notes: this.#notes }, maxAge, options, this.#now());
  }
}
