import assert from "node:assert/strict";
import type { Expiry } from "../../core/store.ts";
import { RECORD_LIFE_MS, TOMBSTONE_LIFE_MS } from "./fixtures.ts";
import { type Play, type Stage, type Tell, withExpiry } from "./stage.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How far behind the present these tests begin, and never come back to it. */
const PAST_MS = 48 * HOUR_MS;

export function tellExpiring(tell: Tell): void {
  tell(
    "deletes records and tombstones past their expiresAt, and resolves to how many",
    withPast(async (stage, expiry) => {
      await expiry.deleteExpired(stage.call);
      const kept = await stage.created({ expiresAt: stage.now + 24 * HOUR_MS });
      const expiresAt = stage.now + 2 * HOUR_MS;
      for (let each = 0; each < 3; each += 1) await stage.created({ expiresAt });
      for (let each = 0; each < 2; each += 1) await stage.ended();
      await stage.advance(TOMBSTONE_LIFE_MS + HOUR_MS + MINUTE_MS);
      assert.equal(await expiry.deleteExpired(stage.call), 2);
      await stage.advance(2 * HOUR_MS);
      assert.equal(await expiry.deleteExpired(stage.call), 3);
      assert.equal(await expiry.deleteExpired(stage.call), 0);
      await stage.sees(kept.id, kept);
    }),
  );

  tell(
    "deletes each once, when two handles do it at a time",
    withPast(async (stage, expiry) => {
      await expiry.deleteExpired(stage.call);
      await Promise.all(Array.from({ length: 40 }, () => stage.created()));
      await stage.advance(RECORD_LIFE_MS + HOUR_MS + MINUTE_MS);
      const both = stage.handles.map((handle) => handle.expiry ?? expiry);
      const counts = await Promise.all(both.map((each) => each.deleteExpired(stage.call)));
      assert.equal(
        counts.reduce((one, other) => one + other),
        40,
      );
    }),
  );

  tell(
    "spares a record that is touched meanwhile",
    withPast(async (stage, expiry) => {
      const { store } = stage;
      const records = await Promise.all(Array.from({ length: 20 }, () => stage.created()));
      const early = stage.call;
      await stage.advance(RECORD_LIFE_MS + HOUR_MS + MINUTE_MS);
      const seen = { lastSeenAt: stage.now, expiresAt: stage.now + RECORD_LIFE_MS };
      // Touched by a process whose clock is behind: the record is expired for one of the two only.
      const touches = records.map(({ id }) => store.touch?.(id, seen, early));
      const [, ...touched] = await Promise.all([expiry.deleteExpired(stage.call), ...touches]);
      for (const [each, record] of records.entries()) {
        await stage.sees(record.id, touched[each] ? { ...record, ...seen } : undefined);
      }
    }),
  );

  tell(
    "says how often a manager should do it",
    withExpiry(async (_stage, { intervalMs }) => {
      assert.ok(Number.isSafeInteger(intervalMs) && intervalMs > 0, `${intervalMs} ms`);
    }),
  );
}

/** A store may ask its own clock too, and spare what lives by that: so all this has been long ago. */
function withPast(play: (stage: Stage, expiry: Expiry) => Promise<void>): Play {
  return withExpiry(async (stage, expiry) => {
    stage.now -= PAST_MS;
    await play(stage, expiry);
  });
}
