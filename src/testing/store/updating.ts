import assert from "node:assert/strict";
import type { SessionRecord, StoredSession } from "../../core/record.ts";
import type { SessionStore } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { freshCommit, RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
import type { Stage, Tell } from "./stage.ts";

const MINUTE_MS = 60_000;
const WRITERS = 6;
const INCREMENTS = 10;

export function tellUpdating(tell: Tell): void {
  tell("replaces the live record of the same id, if its version is expected", async (stage) => {
    const before = await stage.created();
    const after = successorOf(before, {
      data: '{"theme":"light"}',
      flash: '[["saved",1]]',
      userId: "alice",
      createdAt: before.createdAt + 1,
      lastSeenAt: before.lastSeenAt + 2,
      authenticatedAt: before.createdAt + 1,
      persistent: true,
      device: "Firefox",
      idleTimeoutMs: 1_000,
      absoluteTimeoutMs: 2_000,
      expiresAt: before.expiresAt + MINUTE_MS,
    });
    const outcome = await stage.store.update(after, before.version, stage.call);
    assert.deepEqual(outcome, { kind: "updated" });
    await stage.sees(after.id, after);
  });

  tell("takes back what the new record no longer has", async (stage) => {
    const before = await stage.created({ userId: "alice", device: "Firefox", authenticatedAt: 1 });
    const nothing = { userId: undefined, device: undefined, authenticatedAt: undefined };
    const after = successorOf(before, { ...nothing, expiresAt: before.expiresAt - MINUTE_MS });
    await stage.store.update(after, before.version, stage.call);
    await stage.sees(after.id, after);
  });

  tell(
    "changes nothing if another version is there, and shows the newest record",
    async (stage) => {
      const record = await stage.created();
      const late = successorOf(record);
      const outcome = await stage.store.update(late, freshCommit(), stage.call);
      assert.deepEqual(outcome, { kind: "conflict", current: record });
      await stage.sees(record.id, record);
    },
  );

  tell("changes nothing where no record is", async (stage) => {
    const record = stage.record();
    const outcome = await stage.store.update(record, record.version, stage.call);
    assert.deepEqual(outcome, { kind: "gone", tombstone: undefined });
    await stage.sees(record.id, undefined);
  });

  tell("changes nothing where the session has ended, and shows the tombstone", async (stage) => {
    const record = await stage.created();
    const tombstone = stage.tombstone(record);
    await stage.store.end(tombstone, undefined, stage.call);
    for (const expected of [record.version, tombstone.version]) {
      const outcome = await stage.store.update(successorOf(record), expected, stage.call);
      assert.deepEqual(outcome, { kind: "gone", tombstone });
    }
    await stage.sees(record.id, tombstone);
  });

  tell("changes nothing where the record has expired", async (stage) => {
    const record = await stage.created();
    await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
    const late = successorOf(record, { expiresAt: stage.now + RECORD_LIFE_MS });
    const outcome = await stage.store.update(late, record.version, stage.call);
    assert.deepEqual(outcome, { kind: "gone", tombstone: undefined });
    await stage.sees(record.id, undefined);
  });

  tell("has one winner of many that expect the same version", async (stage) => {
    const before = await stage.created();
    const rivals = Array.from({ length: 20 }, (_, rival) =>
      successorOf(before, { data: JSON.stringify({ rival }) }),
    );
    const outcomes = await Promise.all(
      rivals.map((record, rival) => {
        const handle = stage.handles[rival % 2 === 0 ? 0 : 1];
        return handle.update(record, before.version, stage.call);
      }),
    );
    const winner = rivals[outcomes.findIndex(({ kind }) => kind === "updated")];
    const lost = outcomes.filter(({ kind }) => kind !== "updated");
    assert.deepEqual(lost, Array(19).fill({ kind: "conflict", current: winner }));
    await stage.sees(before.id, winner);
  });

  tell("loses no increment of many writers", async (stage) => {
    const { id } = await stage.created({ data: '{"count":0}' });
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const handle = stage.handles[writer % 2 === 0 ? 0 : 1];
        for (let turn = 0; turn < INCREMENTS; turn += 1) await increment(stage, handle, id);
      }),
    );
    const data = JSON.stringify({ count: WRITERS * INCREMENTS });
    const isWhole = (stored?: StoredSession): boolean =>
      stored?.kind === "live" && stored.data === data;
    assert.ok(isWhole(await stage.found(id, isWhole)), "an increment was lost");
  });
}

async function increment(stage: Stage, handle: SessionStore, id: SessionId): Promise<void> {
  let current = await newest(stage, handle, id);
  for (;;) {
    const { count } = JSON.parse(current.data) as { readonly count: number };
    const next = successorOf(current, { data: JSON.stringify({ count: count + 1 }) });
    const outcome = await handle.update(next, current.version, stage.call);
    if (outcome.kind === "updated") return;
    assert.equal(outcome.kind, "conflict");
    current = outcome.kind === "conflict" ? outcome.current : current;
  }
}

async function newest(stage: Stage, handle: SessionStore, id: SessionId): Promise<SessionRecord> {
  const stored = await handle.load(id, stage.call);
  if (stored?.kind === "live") return stored;
  return assert.fail("the record is gone");
}
