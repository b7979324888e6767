import { beforeEach, describe, expect, it } from "vitest";
import { Keeper } from "../../src/core/commit/keeper.ts";
import { Deadline } from "../../src/core/deadline.ts";
import { pooledRandom } from "../../src/core/environment.ts";
import { StoreError } from "../../src/core/errors.ts";
import { commitsBefore, type SessionRecord, type Tombstone } from "../../src/core/record.ts";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { type CommitId, newCommitId, newToken, sessionId } from "../../src/core/token.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";

const random = pooledRandom();
const CALL: StoreCall = { now: 0, signal: new AbortController().signal };

type Method = "load" | "create" | "update" | "end";

/** What happens to one call: the store does it or not, and the answer is lost. */
type Fate = "lost before" | "lost after" | "refused" | "thrown" | (() => Promise<unknown>);

/** A store whose calls meet a fate each, in turn; without one they go well. */
class Fated {
  readonly inner: Required<SessionStore> = memoryStore();
  readonly calls: string[] = [];
  readonly #fates: [Method, Fate][] = [];
  readonly store: SessionStore;

  constructor() {
    const { inner } = this;
    this.store = {
      profile: inner.profile,
      load: (id, call) => this.#meet("load", () => inner.load(id, call)),
      create: (record, call) => this.#meet("create", () => inner.create(record, call)),
      update: (record, expected, call) =>
        this.#meet("update", () => inner.update(record, expected, call)),
      end: (stone, expected, call) => this.#meet("end", () => inner.end(stone, expected, call)),
    };
  }

  next(method: Method, ...fates: Fate[]): void {
    for (const fate of fates) this.#fates.push([method, fate]);
  }

  #meet<T>(method: Method, call: () => Promise<T>): Promise<T> {
    this.calls.push(method);
    const index = this.#fates.findIndex(([of]) => of === method);
    const [, fate] = this.#fates.splice(index, index === -1 ? 0 : 1)[0] ?? [];
    if (fate === "thrown") throw new Error("not even a promise");
    return this.#answer(fate, method, call);
  }

  async #answer<T>(fate: Fate | undefined, method: Method, call: () => Promise<T>): Promise<T> {
    if (fate === "refused") throw new StoreError(method, "failed", "the disk is full");
    if (typeof fate === "function") await fate();
    else if (fate !== "lost before") {
      const answer = await call();
      if (fate === undefined) return answer;
    }
    throw new Error("connection reset");
  }
}

function record(version: CommitId = newCommitId(random)): SessionRecord {
  return {
    kind: "live",
    id: sessionId(newToken(random), "session"),
    manager: "session",
    version,
    earlier: "",
    data: "{}",
    flash: "",
    notes: undefined,
    userId: undefined,
    createdAt: 0,
    lastSeenAt: 0,
    authenticatedAt: undefined,
    persistent: false,
    device: undefined,
    idleTimeoutMs: 1_000,
    absoluteTimeoutMs: 1_000,
    expiresAt: 10_000,
  };
}

function next(previous: SessionRecord, data = '{"a":1}'): SessionRecord {
  return { ...previous, version: newCommitId(random), earlier: commitsBefore(previous), data };
}

function stone({ id, manager }: SessionRecord): Tombstone {
  const version = newCommitId(random);
  return {
    kind: "ended",
    id,
    manager,
    version,
    reason: "revoked",
    endedAt: 0,
    next: undefined,
    notes: undefined,
    expiresAt: 9_000,
  };
}

let fated: Fated;
let keeper: Keeper;
let reported: StoreError[];
let base: SessionRecord;

function deadline(): Deadline {
  return new Deadline(5_000, 0);
}

beforeEach(async () => {
  fated = new Fated();
  reported = [];
  keeper = new Keeper(fated.store, (error) => void reported.push(error));
  base = record();
  await fated.inner.create(base, CALL);
});

describe("a call that fails", () => {
  it.each<Fate>(["lost before", "thrown"])("is a StoreError, and reported: %s", async (fate) => {
    fated.next("load", fate);
    const failure = keeper.load(base.id, deadline());
    await expect(failure).rejects.toMatchObject({
      operation: "load",
      outcome: "failed",
      status: 503,
    });
    expect(reported).toHaveLength(1);
  });

  it("keeps the driver's words in the cause", async () => {
    fated.next("load", "lost before");
    const failure = await keeper.load(base.id, deadline()).catch((error: unknown) => error);
    expect(String(failure)).not.toContain("connection reset");
    expect(failure).toHaveProperty("cause.message", "connection reset");
  });

  it("is believed where the store says that it wrote nothing", async () => {
    fated.next("update", "refused");
    const failure = keeper.update(next(base), base.version, deadline());
    await expect(failure).rejects.toMatchObject({ outcome: "failed" });
    expect(fated.calls).toEqual(["update"]);
  });
});

describe("an update whose answer was lost", () => {
  it("has happened where its commit stands there", async () => {
    fated.next("update", "lost after");
    const outcome = await keeper.update(next(base), base.version, deadline());
    expect(outcome).toEqual({ kind: "updated" });
    expect(fated.calls).toEqual(["update", "load"]);
  });

  it("has happened where a later commit remembers it", async () => {
    const ours = next(base);
    fated.next("update", async () => {
      await fated.inner.update(ours, base.version, CALL);
      await fated.inner.update(next(ours, '{"a":2}'), ours.version, CALL);
    });
    expect(await keeper.update(ours, base.version, deadline())).toEqual({ kind: "updated" });
    expect(await fated.inner.load(base.id, CALL)).toMatchObject({ data: '{"a":2}' });
  });

  it("is sent again where nothing happened", async () => {
    fated.next("update", "lost before");
    const outcome = await keeper.update(next(base), base.version, deadline());
    expect(outcome).toEqual({ kind: "updated" });
    expect(fated.calls).toEqual(["update", "load", "update"]);
  });

  it("counts once where the first attempt arrives after the second was sent", async () => {
    const ours = next(base);
    fated.next("update", "lost before", async () => {
      await fated.inner.update(ours, base.version, CALL);
    });
    expect(await keeper.update(ours, base.version, deadline())).toEqual({ kind: "updated" });
    expect(await fated.inner.load(base.id, CALL)).toMatchObject({ version: ours.version });
  });

  it("is a conflict where somebody else's commit followed what it built on", async () => {
    const theirs = next(base, '{"theirs":1}');
    fated.next("update", async () => void (await fated.inner.update(theirs, base.version, CALL)));
    const outcome = await keeper.update(next(base), base.version, deadline());
    expect(outcome).toMatchObject({ kind: "conflict", current: { data: '{"theirs":1}' } });
  });

  it("is unknown where the record's memory does not reach back that far", async () => {
    fated.next("update", async () => {
      const forgetful = { ...next(base), earlier: "" };
      await fated.inner.update(forgetful, base.version, CALL);
    });
    const failure = keeper.update(next(base), base.version, deadline());
    await expect(failure).rejects.toMatchObject({ operation: "update", outcome: "unknown" });
  });

  it("is gone where the session has ended, or is forgotten", async () => {
    const tombstone = stone(base);
    fated.next("update", async () => void (await fated.inner.end(tombstone, undefined, CALL)));
    const ended = await keeper.update(next(base), base.version, deadline());
    expect(ended).toMatchObject({ kind: "gone", tombstone: { reason: "revoked" } });

    const forgotten = record();
    fated.next("update", "lost before");
    expect(await keeper.update(next(forgotten), forgotten.version, deadline())).toEqual({
      kind: "gone",
      tombstone: undefined,
    });
  });

  it("is unknown where the store cannot even be asked", async () => {
    fated.next("update", "lost after");
    fated.next("load", "lost before");
    const failure = keeper.update(next(base), base.version, deadline());
    await expect(failure).rejects.toMatchObject({ operation: "update", outcome: "unknown" });
  });

  it("is sent three more times at the most", async () => {
    fated.next("update", ...Array<Fate>(10).fill("lost before"));
    const failure = keeper.update(next(base), base.version, deadline());
    await expect(failure).rejects.toMatchObject({ outcome: "unknown" });
    expect(fated.calls.filter((call) => call === "update")).toHaveLength(4);
  });
});

describe("an answer that comes in the one turn that a store has left at its deadline", () => {
  it("is believed, and nothing is reported or left to fail", async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", hear);
    const store: SessionStore = {
      ...fated.store,
      update: (_record, _expected, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve({ kind: "updated" }));
        }),
    };
    const late = new Keeper(store, (error) => void reported.push(error));
    const outcome = await late.update(next(base), base.version, new Deadline(20, 0));
    // The turn is over, and so is the one in which a rejection counts as unhandled.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    process.off("unhandledRejection", hear);
    expect([outcome, reported, unhandled]).toEqual([{ kind: "updated" }, [], []]);
  });
});

describe("a create whose answer was lost", () => {
  it.each<[string, Fate]>([
    ["has happened where its record stands there", "lost after"],
    ["is sent again where nothing does", "lost before"],
  ])("%s", async (_name, fate) => {
    const fresh = record();
    fated.next("create", fate);
    expect(await keeper.create(fresh, deadline())).toBe("created");
    expect(await fated.inner.load(fresh.id, CALL)).toMatchObject({ version: fresh.version });
  });

  it("has happened where the session has ended since", async () => {
    const fresh = record();
    fated.next("create", async () => {
      await fated.inner.create(fresh, CALL);
      await fated.inner.end(stone(fresh), undefined, CALL);
    });
    expect(await keeper.create(fresh, deadline())).toBe("created");
  });

  it("is taken where something else stands there", async () => {
    fated.next("create", "lost before");
    const clashing = { ...record(), id: base.id };
    expect(await keeper.create(clashing, deadline())).toBe("taken");
  });
});

describe("an end whose answer was lost", () => {
  it.each<[string, Fate]>([
    ["has happened where its tombstone stands there", "lost after"],
    ["is sent again where the session lives", "lost before"],
  ])("%s", async (_name, fate) => {
    fated.next("end", fate);
    expect(await keeper.end(stone(base), base.version, deadline())).toEqual({ kind: "ended" });
  });

  it("is gone where another tombstone stands there", async () => {
    fated.next("end", async () => void (await fated.inner.end(stone(base), undefined, CALL)));
    expect(await keeper.end(stone(base), base.version, deadline())).toMatchObject({ kind: "gone" });
  });

  it("is gone where nothing stands there", async () => {
    fated.next("end", "lost before");
    const outcome = await keeper.end(stone(record()), undefined, deadline());
    expect(outcome).toEqual({ kind: "gone", tombstone: undefined });
  });

  it("is a conflict where the session lives on in a newer version", async () => {
    const theirs = next(base);
    fated.next("end", async () => void (await fated.inner.update(theirs, base.version, CALL)));
    const outcome = await keeper.end(stone(base), base.version, deadline());
    expect(outcome).toMatchObject({ kind: "conflict", current: { version: theirs.version } });
  });
});

describe("a touch of a store that cannot touch", () => {
  const seen = { lastSeenAt: 500, expiresAt: 11_000 };

  it("rewrites the record under its version, so that no writer has to merge", async () => {
    expect(await keeper.touch(base, seen, deadline())).toBe(true);
    expect(await fated.inner.load(base.id, CALL)).toEqual({ ...base, ...seen });
  });

  it("leaves a newer record alone", async () => {
    const theirs = next(base);
    await fated.inner.update(theirs, base.version, CALL);
    expect(await keeper.touch(base, seen, deadline())).toBe(true);
    expect(await fated.inner.load(base.id, CALL)).toEqual(theirs);
  });

  it("tells where the session is gone", async () => {
    await fated.inner.end(stone(base), undefined, CALL);
    expect(await keeper.touch(base, seen, deadline())).toBe(false);
  });
});
