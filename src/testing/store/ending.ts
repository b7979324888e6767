import assert from "node:assert/strict";
import { freshCommit, freshId, RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
import type { Tell } from "./stage.ts";

const MINUTE_MS = 60_000;
const ROUNDS = 20;

export function tellEnding(tell: Tell): void {
  tell("puts the tombstone where the live record is, if its version is expected", async (stage) => {
    const record = await stage.created({ userId: "alice", data: '{"private":1}' });
    const next = freshId(stage.manager);
    const tombstone = stage.tombstone(record, { reason: "regenerated", next });
    const outcome = await stage.store.end(tombstone, record.version, stage.call);
    assert.deepEqual(outcome, { kind: "ended" });
    await stage.sees(record.id, tombstone);
  });

  tell("puts the tombstone whatever the version, where none is expected", async (stage) => {
    const record = await stage.created();
    await stage.store.update(successorOf(record), record.version, stage.call);
    const tombstone = stage.tombstone(record);
    assert.deepEqual(await stage.store.end(tombstone, undefined, stage.call), { kind: "ended" });
    await stage.sees(record.id, tombstone);
  });

  tell(
    "changes nothing if another version is there, and shows the newest record",
    async (stage) => {
      const record = await stage.created();
      const outcome = await stage.store.end(stage.tombstone(record), freshCommit(), stage.call);
      assert.deepEqual(outcome, { kind: "conflict", current: record });
      await stage.sees(record.id, record);
    },
  );

  tell("leaves an earlier tombstone as it was, and shows it", async (stage) => {
    const earlier = await stage.ended({ reason: "regenerated", next: freshId(stage.manager) });
    for (const expected of [undefined, earlier.version]) {
      const later = stage.tombstone(earlier, { reason: "revoked" });
      const outcome = await stage.store.end(later, expected, stage.call);
      assert.deepEqual(outcome, { kind: "gone", tombstone: earlier });
    }
    await stage.sees(earlier.id, earlier);
  });

  tell("changes nothing where no record is", async (stage) => {
    const tombstone = stage.tombstone(stage.record());
    const outcome = await stage.store.end(tombstone, undefined, stage.call);
    assert.deepEqual(outcome, { kind: "gone", tombstone: undefined });
    await stage.sees(tombstone.id, undefined);
  });

  tell("changes nothing where the record has expired", async (stage) => {
    const record = await stage.created();
    await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
    const outcome = await stage.store.end(stage.tombstone(record), undefined, stage.call);
    assert.deepEqual(outcome, { kind: "gone", tombstone: undefined });
    await stage.sees(record.id, undefined);
  });

  tell("has one winner of many that end one session", async (stage) => {
    const record = await stage.created();
    const rivals = Array.from({ length: 20 }, () => stage.tombstone(record));
    const outcomes = await Promise.all(
      rivals.map((tombstone, rival) => {
        const handle = stage.handles[rival % 2 === 0 ? 0 : 1];
        return handle.end(tombstone, rival % 3 === 0 ? undefined : record.version, stage.call);
      }),
    );
    assert.equal(outcomes.filter(({ kind }) => kind === "ended").length, 1);
    await stage.sees(record.id, rivals[outcomes.findIndex(({ kind }) => kind === "ended")]);
  });

  tell("keeps a session ended that writers race to update", async (stage) => {
    const [mine, other] = stage.handles;
    for (let round = 0; round < ROUNDS; round += 1) {
      const record = await stage.created();
      const tombstone = stage.tombstone(record);
      const [, ended] = await Promise.all([
        other.update(successorOf(record), record.version, stage.call),
        mine.end(tombstone, undefined, stage.call),
        other.update(successorOf(record), record.version, stage.call),
      ]);
      assert.deepEqual(ended, { kind: "ended" });
      await stage.sees(record.id, tombstone, other);
    }
  });
}
