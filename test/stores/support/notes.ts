import { describe, expect, it } from "vitest";
import type { SessionStore } from "../../../src/core/store.ts";
import { recordAt, successorOf, tombstoneAt } from "../../../src/testing/store/fixtures.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

const manager = "shop";

/** Checks that a store keeps what the library notes of sessions, live and ended. */
export function describeNotes(name: string, open: OpenStore): void {
  describe(`${name} keeps notes`, () => {
    const call = { now: Date.now(), signal: new AbortController().signal };
    const record = (changes: object = {}) =>
      recordAt(call.now, { manager, userId: "alice", notes: '{"g":7}', ...changes });
    const within = (work: (store: SessionStore) => Promise<void>) => async () => {
      const under = await open();
      try {
        await work(under.store);
      } finally {
        await under.close();
      }
    };

    it(
      "of a session, through updates, conflicts and touches",
      within(async (store) => {
        const first = record();
        await store.create(first, call);
        expect(await store.load(first.id, call)).toEqual(first);
        const second = successorOf(first, { notes: '{"g":8,"f":"ä"}' });
        expect(await store.update(second, first.version, call)).toEqual({ kind: "updated" });
        const late = await store.update(successorOf(first), first.version, call);
        expect(late).toEqual({ kind: "conflict", current: second });
        await store.touch?.(first.id, { ...second, lastSeenAt: call.now + 1 }, call);
        expect(await store.load(first.id, call)).toMatchObject({ notes: second.notes });
        const third = successorOf(second, { notes: undefined });
        await store.update(third, second.version, call);
        expect(await store.load(first.id, call)).toMatchObject({ notes: undefined });
      }),
    );

    it(
      "of one that has ended, and then only those",
      within(async (store) => {
        for (const notes of ['{"u":"alice"}', undefined]) {
          const live = record();
          await store.create(live, call);
          const tombstone = tombstoneAt(call.now, live, { notes });
          await store.end(tombstone, undefined, call);
          expect(await store.load(live.id, call)).toEqual(tombstone);
          const late = await store.end(tombstoneAt(call.now, live), undefined, call);
          expect(late).toEqual({ kind: "gone", tombstone });
        }
      }),
    );

    it(
      "where a user's sessions are listed, scanned and ended",
      within(async (store) => {
        const { directory } = store;
        if (directory === undefined) return;
        const live = record();
        await store.create(live, call);
        const user = { manager, userId: "alice" };
        expect(await directory.list(user, call)).toMatchObject([{ notes: live.notes }]);
        const page = { manager, after: undefined, limit: 9 };
        expect(await directory.scan(page, call)).toEqual([live]);
        const { version, endedAt, expiresAt } = tombstoneAt(call.now, live);
        const end = { version, endedAt, expiresAt, reason: "revoked", except: undefined } as const;
        expect(await directory.endAll(user, end, call)).toEqual([live.id]);
        expect(await store.load(live.id, call)).toMatchObject({ kind: "ended", notes: undefined });
      }),
    );

    it(
      "in a place that was another session's",
      within(async (store) => {
        const old = record({ expiresAt: call.now + 1 });
        await store.create(old, call);
        const later = { ...call, now: call.now + 2 };
        const next = { ...record(), id: old.id, notes: undefined };
        expect(await store.create(next, later)).toBe("created");
        expect(await store.load(old.id, later)).toEqual(next);
      }),
    );
  });
}
