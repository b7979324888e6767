import assert from "node:assert/strict";
import { RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
import type { Tell } from "./stage.ts";

const MINUTE_MS = 60_000;

export function tellCreating(tell: Tell): void {
  tell("adds a record", async (stage) => {
    const record = stage.record();
    assert.equal(await stage.store.create(record, stage.call), "created");
    await stage.sees(record.id, record);
  });

  tell("is refused, changing nothing, where a live record stands", async (stage) => {
    const record = await stage.created();
    const intruder = successorOf(record, { data: '{"intruder":true}' });
    assert.equal(await stage.store.create(intruder, stage.call), "taken");
    await stage.sees(record.id, record);
  });

  tell("is refused, changing nothing, where a tombstone stands", async (stage) => {
    const tombstone = await stage.ended();
    const intruder = stage.record({ id: tombstone.id });
    assert.equal(await stage.store.create(intruder, stage.call), "taken");
    await stage.sees(tombstone.id, tombstone);
  });

  tell("adds nothing when it is sent twice", async (stage) => {
    const record = await stage.created();
    // A store that knows its own commit answers as the first time.
    assert.ok(["taken", "created"].includes(await stage.store.create(record, stage.call)));
    await stage.sees(record.id, record);
    const outcome = await stage.store.create(stage.record({ id: record.id }), stage.call);
    assert.equal(outcome, "taken");
    await stage.sees(record.id, record);
  });

  tell("takes the place of what has expired", async (stage) => {
    const [record, tombstone] = [await stage.created(), await stage.ended()];
    await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
    for (const { id } of [record, tombstone]) {
      const newcomer = stage.record({ id });
      assert.equal(await stage.store.create(newcomer, stage.call), "created");
      await stage.sees(id, newcomer);
    }
  });

  tell("has one winner of many that create one id", async (stage) => {
    const first = stage.record();
    const rivals = Array.from({ length: 20 }, (_, rival) =>
      successorOf(first, { data: JSON.stringify({ rival }) }),
    );
    const outcomes = await Promise.all(
      rivals.map((record, rival) => {
        const handle = stage.handles[rival % 2 === 0 ? 0 : 1];
        return handle.create(record, stage.call);
      }),
    );
    assert.equal(outcomes.filter((outcome) => outcome === "created").length, 1);
    await stage.sees(first.id, rivals[outcomes.indexOf("created")]);
  });
}
