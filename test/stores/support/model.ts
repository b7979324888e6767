import fc from "fast-check";
import type {
  EpochMs,
  SessionFacts,
  SessionRecord,
  StoredSession,
  Tombstone,
} from "../../../src/core/record.ts";
import type {
  EndOutcome,
  Seen,
  SilentStore,
  StoreCall,
  UpdateOutcome,
  UserKey,
} from "../../../src/core/store.ts";
import type { CommitId, SessionId } from "../../../src/core/token.ts";
import {
  factsOf,
  freshCommit,
  freshId,
  recordAt,
  tombstoneAt,
} from "../../../src/testing/store/fixtures.ts";

const NEVER = new AbortController().signal;
const MANAGERS = ["shop", "admin"] as const;
const USERS = [undefined, "alice", "bob"] as const;
const SESSIONS = 4;

/** What a store is, without any of its difficulties. */
class Model {
  readonly #stored = new Map<SessionId, StoredSession>();

  load(id: SessionId, now: EpochMs): StoredSession | undefined {
    const stored = this.#stored.get(id);
    return stored !== undefined && stored.expiresAt > now ? stored : undefined;
  }

  create(record: SessionRecord, now: EpochMs): "created" | "taken" {
    if (this.load(record.id, now) !== undefined) return "taken";
    this.#stored.set(record.id, record);
    return "created";
  }

  update(record: SessionRecord, expected: CommitId, now: EpochMs): UpdateOutcome {
    const current = this.load(record.id, now);
    if (current?.kind !== "live") return { kind: "gone", tombstone: current };
    if (current.version !== expected) return { kind: "conflict", current };
    this.#stored.set(record.id, record);
    return { kind: "updated" };
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, now: EpochMs): EndOutcome {
    const current = this.load(tombstone.id, now);
    if (current?.kind !== "live") return { kind: "gone", tombstone: current };
    if (expected !== undefined && current.version !== expected) {
      return { kind: "conflict", current };
    }
    this.#stored.set(tombstone.id, tombstone);
    return { kind: "ended" };
  }

  touch(id: SessionId, seen: Seen, now: EpochMs): boolean {
    const current = this.load(id, now);
    if (current?.kind !== "live") return false;
    this.#stored.set(id, {
      ...current,
      lastSeenAt: Math.max(current.lastSeenAt, seen.lastSeenAt),
      expiresAt: Math.max(current.expiresAt, seen.expiresAt),
    });
    return true;
  }

  live(manager: string, now: EpochMs): SessionRecord[] {
    return [...this.#stored.values()]
      .filter((stored) => stored.kind === "live")
      .filter((record) => record.manager === manager && record.expiresAt > now)
      .sort(byId);
  }

  deleteExpired(now: EpochMs): void {
    for (const { id, expiresAt } of this.#stored.values()) {
      if (expiresAt <= now) this.#stored.delete(id);
    }
  }
}

/** One step of a random run, on one session, as one user, with a version that is expected or not. */
export interface Step {
  readonly kind: keyof typeof ANSWERS;
  readonly session: number;
  readonly user: number;
  readonly isExpected: boolean;
  readonly amount: number;
}

/** The answers of a store and of the model to one run. */
export interface Answers {
  readonly store: readonly unknown[];
  readonly model: readonly unknown[];
}

/** What a step has to work with. */
interface Turn {
  readonly step: Step;
  readonly store: SilentStore;
  readonly model: Model;
  readonly call: StoreCall;
  readonly now: EpochMs;
  readonly id: SessionId;
  readonly user: UserKey;
  /** What `create` and `update` would write. */
  readonly record: SessionRecord;
  readonly expected: CommitId;
}

type Answer = (turn: Turn) => Promise<readonly [store: unknown, model: unknown]>;

const ANSWERS = {
  load: async ({ store, model, id, call, now }) => [
    await store.load(id, call),
    model.load(id, now),
  ],
  create: async ({ store, model, record, call, now }) => [
    await store.create(record, call),
    model.create(record, now),
  ],
  update: async ({ store, model, record, expected, call, now }) => [
    await store.update(record, expected, call),
    model.update(record, expected, now),
  ],
  end: async ({ store, model, record, expected, call, now, step }) => {
    const tombstone = tombstoneAt(now, record, { expiresAt: record.expiresAt });
    const version = step.amount % 2 === 0 ? undefined : expected;
    return [await store.end(tombstone, version, call), model.end(tombstone, version, now)];
  },
  touch: async ({ store, model, id, record, call, now }) => [
    await store.touch(id, record, call),
    model.touch(id, record, now),
  ],
  list: async ({ store, model, user, call, now }) => [
    (await store.directory.list(user, call)).toSorted(byId).map(factsOf),
    model
      .live(user.manager, now)
      .filter(({ userId }) => userId === user.userId)
      .map(factsOf),
  ],
  endAll: async ({ store, model, user, id, record, call, now }) => {
    const { expiresAt } = record;
    const end = { version: freshCommit(), reason: "revoked", endedAt: now, expiresAt } as const;
    const ended = model
      .live(user.manager, now)
      .filter((live) => live.userId === user.userId && live.id !== id);
    for (const live of ended) model.end(tombstoneAt(now, live, end), undefined, now);
    const ids = await store.directory.endAll(user, { except: id, ...end }, call);
    return [ids.toSorted(), ended.map((live) => live.id)];
  },
  scan: async ({ store, model, user: { manager }, id, step, call, now }) => {
    const limit = (step.amount % 4) + 1;
    const after = step.isExpected ? id : undefined;
    const following = model.live(manager, now).filter((live) => live.id > (after ?? ""));
    return [await store.directory.scan({ manager, after, limit }, call), following.slice(0, limit)];
  },
  count: async ({ store, model, user: { manager }, call, now }) => [
    await store.directory.count(manager, call),
    model.live(manager, now).length,
  ],
  raise: async ({ store: { directory }, user, call }) => {
    const before = await directory.generation(user, call);
    await directory.raiseGeneration(user, call);
    return [(await directory.generation(user, call)) > before, true];
  },
  // How many is not compared: a store may have cleaned up before.
  deleteExpired: async ({ store, model, call, now }) => {
    await store.expiry.deleteExpired(call);
    model.deleteExpired(now);
    return [undefined, undefined];
  },
  advance: async () => [undefined, undefined],
} satisfies Readonly<Record<string, Answer>>;

/** Random runs of steps on few sessions and users, so that they meet. */
export const RUNS: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...(Object.keys(ANSWERS) as Step["kind"][])),
    session: fc.nat(SESSIONS - 1),
    user: fc.nat(USERS.length - 1),
    isExpected: fc.boolean(),
    amount: fc.nat(1_000),
  }),
  { maxLength: 80, size: "max" },
);

/** Plays one run on both. */
export async function play(store: SilentStore, run: readonly Step[]): Promise<Answers> {
  const model = new Model();
  const answers: { store: unknown[]; model: unknown[] } = { store: [], model: [] };
  const ids = Array.from({ length: SESSIONS }, () => freshId(MANAGERS[0]));
  let now = 1_800_000_000_000;
  for (const step of run) {
    const [ofStore, ofModel] = await ANSWERS[step.kind](turnOf(step, store, model, ids, now));
    answers.store.push(ofStore);
    answers.model.push(ofModel);
    if (step.kind === "advance") now += step.amount >> 2;
  }
  return answers;
}

function turnOf(
  step: Step,
  store: SilentStore,
  model: Model,
  ids: readonly SessionId[],
  now: EpochMs,
): Turn {
  const id = ids[step.session] ?? freshId(MANAGERS[0]);
  const manager = MANAGERS[step.session % 2 === 0 ? 0 : 1];
  const userId = USERS[step.user];
  const found = model.load(id, now);
  const isExpected = step.isExpected && found !== undefined;
  const times = { lastSeenAt: now - step.amount, expiresAt: now + step.amount };
  return {
    ...{ step, store, model, id, now },
    call: { signal: NEVER, now },
    user: { manager, userId: userId ?? "nobody" },
    record: recordAt(now, { id, manager, userId, ...times }),
    expected: isExpected ? found.version : freshCommit(),
  };
}

function byId(one: SessionFacts, other: SessionFacts): number {
  return one.id < other.id ? -1 : 1;
}
