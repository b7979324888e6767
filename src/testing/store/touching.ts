import assert from "node:assert/strict";
import { freshId, RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
import { type Tell, withTouch } from "./stage.ts";

const MINUTE_MS = 60_000;
const ROUNDS = 20;

export function tellTouching(tell: Tell): void {
  tell(
    "moves lastSeenAt and expiresAt forward, and leaves the version alone",
    withTouch(async (stage, touch) => {
      const record = await stage.created({ userId: "alice" });
      await stage.advance(10 * MINUTE_MS);
      const seen = { lastSeenAt: stage.now, expiresAt: stage.now + RECORD_LIFE_MS };
      assert.equal(await touch(record.id, seen, stage.call), true);
      await stage.sees(record.id, { ...record, ...seen });
      await stage.advance(RECORD_LIFE_MS - MINUTE_MS);
      await stage.sees(record.id, { ...record, ...seen });
    }),
  );

  tell(
    "never moves them back",
    withTouch(async (stage, touch) => {
      const record = await stage.created();
      const { lastSeenAt, expiresAt } = record;
      const mixed = { lastSeenAt: lastSeenAt + 1, expiresAt: expiresAt - MINUTE_MS };
      assert.equal(await touch(record.id, mixed, stage.call), true);
      const late = { lastSeenAt: lastSeenAt - 1, expiresAt: expiresAt - 1 };
      assert.equal(await touch(record.id, late, stage.call), true);
      await stage.sees(record.id, { ...record, lastSeenAt: lastSeenAt + 1 });
    }),
  );

  tell(
    "keeps the latest of many touches",
    withTouch(async (stage, touch) => {
      const record = await stage.created();
      const times = [3, 9, 1, 7, 5].map((minutes) => ({
        lastSeenAt: record.lastSeenAt + minutes * MINUTE_MS,
        expiresAt: record.expiresAt + minutes * MINUTE_MS,
      }));
      await Promise.all(times.map((seen) => touch(record.id, seen, stage.call)));
      await stage.sees(record.id, { ...record, ...times[1] });
    }),
  );

  tell(
    "resolves to false, changing nothing, when the record is gone",
    withTouch(async (stage, touch) => {
      const seen = { lastSeenAt: stage.now, expiresAt: stage.now + 2 * RECORD_LIFE_MS };
      const absent = freshId(stage.manager);
      const tombstone = await stage.ended();
      assert.equal(await touch(absent, seen, stage.call), false);
      assert.equal(await touch(tombstone.id, seen, stage.call), false);
      await stage.sees(absent, undefined);
      await stage.sees(tombstone.id, tombstone);
    }),
  );

  tell(
    "resolves to false where the record has expired",
    withTouch(async (stage, touch) => {
      const record = await stage.created();
      await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
      const seen = { lastSeenAt: stage.now, expiresAt: stage.now + RECORD_LIFE_MS };
      assert.equal(await touch(record.id, seen, stage.call), false);
      await stage.sees(record.id, undefined);
    }),
  );

  tell(
    "never revives a session that is ended meanwhile",
    withTouch(async (stage, touch) => {
      const [, other] = stage.handles;
      const seen = { lastSeenAt: stage.now + 1, expiresAt: stage.now + 2 * RECORD_LIFE_MS };
      for (let round = 0; round < ROUNDS; round += 1) {
        const record = await stage.created();
        const tombstone = stage.tombstone(record);
        await Promise.all([
          touch(record.id, seen, stage.call),
          other.end(tombstone, undefined, stage.call),
          touch(record.id, seen, stage.call),
        ]);
        assert.equal(await touch(record.id, seen, stage.call), false);
        await stage.sees(record.id, tombstone);
      }
    }),
  );

  tell(
    "takes nothing from a write that races it",
    withTouch(async (stage, touch) => {
      const [, other] = stage.handles;
      const seen = { lastSeenAt: stage.now + 1, expiresAt: stage.now + 2 * RECORD_LIFE_MS };
      for (let round = 0; round < ROUNDS; round += 1) {
        const record = await stage.created();
        const after = successorOf(record, { ...seen, data: '{"theme":"light"}' });
        const [touched, outcome] = await Promise.all([
          touch(record.id, seen, stage.call),
          other.update(after, record.version, stage.call),
        ]);
        assert.deepEqual([touched, outcome], [true, { kind: "updated" }]);
        await stage.sees(record.id, after);
      }
    }),
  );
}
