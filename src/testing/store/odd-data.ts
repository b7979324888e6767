import assert from "node:assert/strict";
import { shows } from "./directory.ts";
import { successorOf } from "./fixtures.ts";
import { type Tell, withDirectory } from "./stage.ts";

const KIB = 1_024;

/** Data as core writes it: `JSON.stringify` escapes NUL and halves of surrogate pairs. */
const ODD_DATA: Readonly<Record<string, string>> = {
  "an empty object": "{}",
  "text of many scripts": JSON.stringify({
    greeting: "Grüße, 世界, שלום, 👩‍👩‍👧, \u2028\u2029\ufeff",
  }),
  "NUL and other control characters": JSON.stringify({ text: "a\0b\u0001\u001f\u007f\r\n\t" }),
  "halves of surrogate pairs": JSON.stringify({ text: "\ud800x\udfff" }),
  "keys that objects inherit": '{"__proto__":{"admin":true},"constructor":1,"toString":"x"}',
  "quotes, backslashes and braces": JSON.stringify({ text: `'"\`\\"{}[]$1 $& %s ?` }),
  "keys that look like a record's": '{"kind":"ended","version":"x","userId":"root"}',
  "256 KiB": JSON.stringify({ blob: "0123456789abcdef".repeat((256 * KIB) / 16) }),
};

/** Names that a query language would read as something else. */
const ODD_NAMES: readonly string[] = [
  "'; DROP TABLE sessions; --",
  'double " quote',
  "back\\slash",
  "a:b",
  "a%b_c*d?e[f]{g}",
  "line\r\nbreak",
  "../../etc/passwd",
  "$where",
  "k\u00e4se, 世界, 👩‍👩‍👧",
  "x".repeat(512),
];

/** Pairs that a careless comparison takes for one. */
const LOOK_ALIKES: readonly (readonly [string, string])[] = [
  ["alice", "Alice"],
  ["alice", "alice "],
  ["alice", " alice"],
  ["caf\u00e9", "cafe\u0301"],
  ["cafe", "caf\u00e9"],
  ["strasse", "straße"],
  ["a:b", "a"],
  ["1", "01"],
  ["1", "1.0"],
  ["null", "undefined"],
];

export function tellOddData(tell: Tell): void {
  for (const [what, data] of Object.entries(ODD_DATA)) {
    tell(`keeps ${what}`, async (stage) => {
      const record = await stage.created({ data });
      await stage.sees(record.id, record);
      const after = successorOf(record, { flash: data });
      await stage.store.update(after, record.version, stage.call);
      await stage.sees(record.id, after);
    });
  }

  tell("keeps odd names of users, managers and devices", async (stage) => {
    for (const name of ODD_NAMES) {
      const manager = `${stage.manager} ${name}`;
      const record = await stage.created({ manager, userId: name, device: name });
      await stage.sees(record.id, record);
    }
  });

  tell("keeps the notes of a record and of a tombstone, whatever they say", async (stage) => {
    for (const name of ODD_NAMES) {
      const notes = JSON.stringify({ [name]: name, note: "n".repeat(50) });
      const record = await stage.created({ notes });
      await stage.sees(record.id, record);
      const changed = successorOf(record, { notes: `${notes} ` });
      await stage.store.update(changed, record.version, stage.call);
      await stage.sees(record.id, changed);
      const without = successorOf(changed, { notes: undefined });
      await stage.store.update(without, changed.version, stage.call);
      await stage.sees(record.id, without);
      const stone = stage.tombstone(record, { notes });
      await stage.store.end(stone, undefined, stage.call);
      await stage.sees(record.id, stone);
    }
  });

  tell(
    "finds users and managers of odd names",
    withDirectory(async (stage, directory) => {
      for (const name of ODD_NAMES) {
        const user = { manager: `${stage.manager} ${name}`, userId: name };
        const record = await stage.created(user);
        await directory.raiseGeneration(user, stage.call);
        assert.notEqual(await directory.generation(user, stage.call), 0);
        await shows(stage, directory, user, [record]);
        assert.equal(await directory.count(user.manager, stage.call), 1);
        const page = { manager: user.manager, after: undefined, limit: 10 };
        assert.deepEqual(await directory.scan(page, stage.call), [record]);
        assert.deepEqual(await directory.endAll(user, stage.endAll(), stage.call), [record.id]);
      }
    }),
  );

  tell(
    "takes no user for another",
    withDirectory(async (stage, directory) => {
      for (const [place, [one, other]] of LOOK_ALIKES.entries()) {
        const manager = `${stage.manager}-${place}`;
        const stranger = { manager, userId: other };
        await stage.created({ manager, userId: one });
        await directory.raiseGeneration({ manager, userId: one }, stage.call);
        assert.deepEqual(await directory.list(stranger, stage.call), [], other);
        assert.equal(await directory.generation(stranger, stage.call), 0, other);
        assert.deepEqual(await directory.endAll(stranger, stage.endAll(), stage.call), [], other);
      }
    }),
  );

  tell("keeps what has been handed out apart from what is stored", async (stage) => {
    const mine = { ...stage.record() };
    const original = { ...mine };
    await stage.store.create(mine, stage.call);
    tryToChange(mine);
    await stage.sees(original.id, original);
    tryToChange(await stage.store.load(original.id, stage.call));
    await stage.sees(original.id, original);
  });
}

/** Changes what it is given, unless that is frozen. */
function tryToChange(stored: object | undefined): void {
  assert.ok(stored !== undefined);
  Reflect.set(stored, "data", '{"changed":true}');
  Reflect.set(stored, "expiresAt", 0);
}
