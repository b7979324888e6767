import { describe, expect, it } from "vitest";
import type { SessionRecord, StoredSession } from "../../src/core/record.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type MovableStore, migrateSessions } from "../../src/migrate/index.ts";
import { moveOne } from "../../src/migrate/move-one.ts";
import { parcelsOf } from "../../src/migrate/parcel.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { Crash, call, clock, inEveryOrder, MANAGER, NOW, Place } from "./support.ts";

const user = { manager: MANAGER, userId: "alice" };
const revoke = { except: undefined, version: freshCommit(), reason: "revoked" } as const;
const endAll = { ...revoke, endedAt: NOW, expiresAt: NOW + 300_000 };

/** Adds one to the count in a record, as core does: with the newest record, until it fits. */
async function increment(store: MovableStore, id: SessionId): Promise<"added" | "gone"> {
  let current: StoredSession | undefined = await store.load(id, call);
  while (current?.kind === "live") {
    const next = successorOf(current, { data: String(Number(current.data) + 1) });
    const outcome = await store.update(next, current.version, call);
    if (outcome.kind === "updated") return "added";
    current = outcome.kind === "conflict" ? outcome.current : undefined;
  }
  return "gone";
}

async function finished(place: Place): Promise<void> {
  const result = await migrateSessions(place.from, place.to, { managers: [MANAGER], clock });
  expect(result).toMatchObject({ left: 0, missing: 0, isComplete: true });
  expect(await place.from.directory.count(MANAGER, call)).toBe(0);
  expect(await place.to.directory.count(parcelsOf(MANAGER), call)).toBe(0);
}

describe("in every order of the calls, a session that is carried", () => {
  it("loses no change", async () => {
    const runs = await inEveryOrder(async (schedule) => {
      const place = new Place();
      const { id } = await place.created({ data: "0" });
      const carried = moveOne(place.handles(schedule.actor("mover")), id, call);
      const added = increment(place.process(schedule.actor("writer")), id);
      const check = async (): Promise<void> => {
        expect([await carried, await added]).toEqual(["moved", "added"]);
        expect(await place.seen(id)).toMatchObject({ kind: "live", data: "1" });
        await finished(place);
        expect(await place.after(id)).toMatchObject({ kind: "live", data: "1" });
      };
      return { actors: [carried, added], check };
    });
    expect(runs).toBeGreaterThan(20);
  });

  it("loses no change where two carry it", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const { id } = await place.created({ data: "0" });
      // One of the two waits at its writes only: that is where they meet.
      const carried = [
        moveOne(place.handles(schedule.actor("one", "load")), id, call),
        moveOne(place.handles(schedule.actor("two", "load")), id, call),
      ];
      const added = increment(place.process(schedule.actor("writer", "load")), id);
      const check = async (): Promise<void> => {
        expect(await added).toBe("added");
        expect(await place.seen(id)).toMatchObject({ kind: "live", data: "1" });
        await finished(place);
        expect(await place.after(id)).toMatchObject({ kind: "live", data: "1" });
      };
      return { actors: [...carried, added], check };
    });
  });

  it("stays ended once it has ended, also for ever after", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created();
      const carried = moveOne(place.handles(schedule.actor("mover")), record.id, call);
      const ender = place.process(schedule.actor("ender"));
      const ended = ender.end(tombstoneAt(NOW, record), undefined, call);
      const check = async (): Promise<void> => {
        expect(await ended).toEqual({ kind: "ended" });
        expect((await place.seen(record.id))?.kind).toBe("ended");
        const later = { ...call, now: NOW + 600_000 };
        expect(await place.process().load(record.id, later)).toBeUndefined();
        await finished(place);
        expect(await place.to.load(record.id, later)).toBeUndefined();
      };
      return { actors: [carried, ended], check };
    });
  });

  it("is carried once by two that try", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created();
      const actors = ["one", "two"].map((name) =>
        moveOne(place.handles(schedule.actor(name)), record.id, call),
      );
      const check = async (): Promise<void> => {
        expect(await place.seen(record.id)).toEqual(record);
        await finished(place);
        expect(await place.after(record.id)).toEqual(record);
      };
      return { actors, check };
    });
  });

  it("is ended by a revokeAll that meets it", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created({ userId: user.userId });
      const carried = moveOne(place.handles(schedule.actor("mover")), record.id, call);
      const revoker = place.process(schedule.actor("revoker"));
      const ended = revoker.directory.endAll(user, endAll, call);
      const check = async (): Promise<void> => {
        expect(await ended).toEqual([record.id]);
        expect((await place.seen(record.id))?.kind).toBe("ended");
        await finished(place);
        expect((await place.after(record.id))?.kind).not.toBe("live");
      };
      return { actors: [carried, ended], check };
    });
  });

  it("is seen by every load", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created();
      const carried = moveOne(place.handles(schedule.actor("mover")), record.id, call);
      const found = place.process(schedule.actor("reader")).load(record.id, call);
      const check = async (): Promise<void> => expect(await found).toEqual(record);
      return { actors: [carried, found], check };
    });
  });

  it("is in every list", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created({ userId: user.userId });
      const carried = moveOne(place.handles(schedule.actor("mover")), record.id, call);
      const found = place.process(schedule.actor("reader")).directory.list(user, call);
      const check = async (): Promise<void> => expect(await found).toEqual([record]);
      return { actors: [carried, found], check };
    });
  });

  it("is touched, wherever it is by then", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = await place.created();
      const carried = moveOne(place.handles(schedule.actor("mover")), record.id, call);
      const seen = { lastSeenAt: NOW + 1, expiresAt: record.expiresAt + 1 };
      const touched = place.process(schedule.actor("toucher")).touch?.(record.id, seen, call);
      const check = async (): Promise<void> => {
        expect(await touched).toBe(true);
        expect(await place.seen(record.id)).toMatchObject({ version: record.version });
      };
      return { actors: [carried, Promise.resolve(touched)], check };
    });
  });

  it("lets no sign-in slip past a revokeAll", async () => {
    await inEveryOrder(async (schedule) => {
      const place = new Place();
      const record = recordAt(NOW, { manager: MANAGER, userId: user.userId });
      const signer = place.process(schedule.actor("signer"));
      const revoker = place.process(schedule.actor("revoker"));
      const signedIn = signIn(signer, record);
      const revoked = revoker.directory
        .raiseGeneration(user, call)
        .then(() => revoker.directory.endAll(user, endAll, call));
      const check = async (): Promise<void> => {
        const newest = await place.process().directory.generation(user, call);
        const stored = await place.seen(record.id);
        if (stored?.kind === "live") expect(await signedIn).toBe(newest);
      };
      return { actors: [signedIn, revoked], check };
    });
  });
});

/** Signs in as core does, and resolves to the generation that it was admitted in. */
async function signIn(store: MovableStore, record: SessionRecord): Promise<number | undefined> {
  const before = await store.directory.generation(user, call);
  await store.create(record, call);
  if ((await store.directory.generation(user, call)) === before) return before;
  await store.end(tombstoneAt(NOW, record), undefined, call);
  return undefined;
}

describe("after a crash at any call, a session that was being carried", () => {
  const crashes = Array.from({ length: 8 }, (_, at) => [at + 1, false] as const);
  const lost = Array.from({ length: 8 }, (_, at) => [at + 1, true] as const);
  const every = [...crashes, ...lost];

  it.each(every)(
    "is there for everybody, and moves in the end (call %i, done: %s)",
    async (at, isDone) => {
      const place = new Place();
      const record = await place.created({ userId: "alice", device: "Firefox", flash: "[1]" });
      const crash = new Crash(at, isDone);
      await moveOne(place.handles(crash.intercept), record.id, call).catch(() => undefined);
      const application = place.process();
      expect(await application.directory.list(user, call)).toEqual([record]);
      expect(await application.load(record.id, call)).toEqual(record);
      await finished(place);
      expect(await place.after(record.id)).toEqual(record);
      expect(await place.to.directory.list(user, call)).toEqual([record]);
    },
  );

  it.each(every)("can be changed and ended (call %i, done: %s)", async (at, isDone) => {
    const place = new Place();
    const [changed, ended] = [await place.created({ data: "0" }), await place.created()];
    const touched = await place.created();
    for (const { id } of [changed, ended, touched]) {
      const crash = new Crash(at, isDone);
      await moveOne(place.handles(crash.intercept), id, call).catch(() => undefined);
    }
    const application = place.process();
    const next = successorOf(changed, { data: "1" });
    expect(await application.update(next, changed.version, call)).toEqual({ kind: "updated" });
    const stone = tombstoneAt(NOW, ended);
    expect(await application.end(stone, ended.version, call)).toEqual({ kind: "ended" });
    const seen = { lastSeenAt: NOW + 5, expiresAt: touched.expiresAt + 5 };
    expect(await application.touch?.(touched.id, seen, call)).toBe(true);
    await finished(place);
    expect(await place.after(changed.id)).toEqual(next);
    expect((await place.after(ended.id))?.kind).not.toBe("live");
    expect(await place.after(touched.id)).toEqual({ ...touched, ...seen });
    const later = { ...call, now: NOW + 600_000 };
    expect(await place.to.load(ended.id, later)).toBeUndefined();
  });

  it.each(every)("is ended by a revokeAll (call %i, done: %s)", async (at, isDone) => {
    const place = new Place();
    const record = await place.created({ userId: "alice" });
    const crash = new Crash(at, isDone);
    await moveOne(place.handles(crash.intercept), record.id, call).catch(() => undefined);
    expect(await place.process().directory.endAll(user, endAll, call)).toEqual([record.id]);
    await finished(place);
    expect((await place.after(record.id))?.kind).not.toBe("live");
    const later = { ...call, now: NOW + 600_000 };
    expect(await place.process().load(record.id, later)).toBeUndefined();
  });
});
