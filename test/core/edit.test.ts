import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Content,
  documentText,
  type FlashEntry,
  flashText,
  type Gathered,
  type GatheredAt,
  gatheredEdit,
  isEmpty,
  parseFlash,
  withNotes,
} from "../../src/core/commit/edit.ts";
import { UpdateEdit } from "../../src/core/commit/update-edit.ts";
import type { WrittenValue } from "../../src/core/due.ts";
import { CodecError } from "../../src/core/errors.ts";
import { type JsonValue, own, pick } from "../../src/core/json.ts";
import { dueTimesIn } from "../../src/core/notes.ts";
import { REMOVE } from "../../src/core/session.ts";
import { resolveShape } from "../../src/core/shape.ts";

const NOTHING: Gathered = {
  spared: undefined,
  values: [],
  flashed: [],
  taken: new Set(),
  persistent: undefined,
  label: undefined,
};
const CONTENT: Content = {
  document: { a: 1, b: [2] },
  flash: [["m1", "k", "v"]],
  persistent: false,
  notes: undefined,
};
const FIRST: GatheredAt = { change: undefined, isCleared: false };

const key = fc.constantFrom("a", "b", "c", "toString");
const timed = (name: string, text: string | undefined): fc.Arbitrary<WrittenValue> =>
  fc
    .option(fc.nat(), { nil: undefined })
    .map((at) => [name, text, text === undefined ? undefined : at]);
const gathered: fc.Arbitrary<Gathered> = fc.record({
  spared: fc.option(
    fc.array(key).map((keys) => new Set(keys)),
    { nil: undefined },
  ),
  values: fc
    .uniqueArray(fc.tuple(key, fc.option(fc.json(), { nil: undefined })), {
      selector: ([name]) => name,
    })
    .chain((all) => fc.tuple(...all.map(([name, text]) => timed(name, text)))),
  flashed: fc.constant<FlashEntry[]>([]),
  taken: fc.constant(new Set<string>()),
  persistent: fc.option(fc.boolean(), { nil: undefined }),
  label: fc.option(fc.record({ text: fc.option(fc.string(), { nil: undefined }) }), {
    nil: undefined,
  }),
});

/** What a key holds after an edit, told case by case. */
function expected(wish: Gathered, key: string, before: JsonValue | undefined): unknown {
  const values = new Map(wish.values.map(([name, text]) => [name, text]));
  const text = values.get(key);
  if (text !== undefined) return JSON.parse(text);
  if (values.has(key)) return undefined;
  return wish.spared === undefined || wish.spared.has(key) ? before : undefined;
}

function partsOf({ document, flash, persistent, notes }: Content): Content {
  return { document, flash, persistent, notes };
}

describe("an edit", () => {
  it("does what was gathered, key by key", () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.integer()), gathered, (document, wish) => {
        const after = gatheredEdit(wish).apply({ ...CONTENT, document }).document;
        for (const name of ["a", "b", "c", "toString"]) {
          expect(own(after, name)).toEqual(expected(wish, name, own(document, name)));
        }
      }),
    );
  });

  it("leaves what it is applied to as it was, and gives each attempt values of its own", () => {
    const edit = gatheredEdit({ ...NOTHING, values: [["c", "[1]"]] });
    const before = structuredClone(CONTENT);
    const one = edit.apply(CONTENT).document["c"];
    const other = edit.apply(CONTENT).document["c"];
    expect(CONTENT).toEqual(before);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
  });

  it("done twice is done once", () => {
    fc.assert(
      fc.property(gathered, (wish) => {
        const edit = gatheredEdit(wish);
        const once = edit.apply(CONTENT);
        expect(partsOf(edit.apply(once))).toEqual(partsOf(once));
      }),
    );
  });

  it("makes a document whose text says the same, of one that held nothing too", () => {
    const document = fc.oneof(fc.constant({}), fc.dictionary(key, fc.integer()));
    fc.assert(
      fc.property(document, gathered, (before, wish) => {
        const after = gatheredEdit(wish).apply({ ...CONTENT, document: before });
        expect(JSON.parse(documentText(after))).toEqual(after.document);
        expect(after.document).toBe(after.document);
        const noted = withNotes(after, '{"due":[]}');
        expect(noted).toEqual({ ...partsOf(after), notes: '{"due":[]}' });
      }),
    );
  });

  it("gives each value that it writes the time that comes with it, and leaves the others theirs", () => {
    fc.assert(
      fc.property(gathered, gathered, (first, second) => {
        const before = gatheredEdit(first).apply(CONTENT);
        const after = gatheredEdit(second).apply(before);
        for (const name of ["a", "b", "c", "toString"]) {
          const written = second.values.find(([each]) => each === name);
          const isSpared = second.spared === undefined || second.spared.has(name);
          const kept = isSpared ? dueTimesIn(before.notes)?.get(name) : undefined;
          expect(dueTimesIn(after.notes)?.get(name)).toBe(
            written === undefined ? kept : written[2],
          );
        }
      }),
    );
  });

  it("of other keys may come before or after", () => {
    const one = gatheredEdit({ ...NOTHING, values: [["a", "5"]] });
    const other = gatheredEdit({ ...NOTHING, values: [["b", undefined]] });
    expect(one.apply(other.apply(CONTENT))).toEqual(other.apply(one.apply(CONTENT)));
  });

  it("removes the messages that were shown and appends the new ones", () => {
    const edit = gatheredEdit({ ...NOTHING, taken: new Set(["m1"]), flashed: [["m2", "k", 2]] });
    expect(edit.apply(CONTENT).flash).toEqual([["m2", "k", 2]]);
  });

  it("tells roughly what it holds", () => {
    expect(gatheredEdit({ ...NOTHING, values: [["key", '"value"']] }).bytes).toBe(10);
    expect(gatheredEdit({ ...NOTHING, values: [["key", undefined]] }).bytes).toBe(3);
  });
});

describe("what was gathered", () => {
  it.each<[string, Partial<Gathered>]>([
    ["a clear", { spared: new Set() }],
    ["a value", { values: [["a", "1"]] }],
    ["a deletion", { values: [["a", undefined]] }],
    ["a message", { flashed: [["m1", "k", 1]] }],
    ["a message shown", { taken: new Set(["m1"]) }],
    ["a wish to be remembered", { persistent: false }],
    ["a name that is taken away", { label: { text: undefined } }],
  ])("is something with %s", (_name, part) => {
    expect(isEmpty({ ...NOTHING, ...part })).toBe(false);
  });

  it("is nothing otherwise", () => {
    expect(isEmpty(NOTHING)).toBe(true);
  });
});

describe("an update", () => {
  const shape = resolveShape({ defaults: { cart: ["tea"] } });

  it("builds on the newest value, as often as it is applied", () => {
    const edit = new UpdateEdit(shape, "a", (value) => Number(value) + 1, FIRST);
    expect(edit.apply(CONTENT).document["a"]).toBe(2);
    expect(edit.text).toBe("2");
    expect(edit.apply({ ...CONTENT, document: { a: 41 } }).document["a"]).toBe(42);
    expect(edit.text).toBe("42");
  });

  it("hears whether the value is stored or a default", () => {
    const heard: unknown[] = [];
    const hear = (value: unknown, isStored: boolean): unknown => {
      heard.push([value, isStored]);
      return value;
    };
    new UpdateEdit(shape, "cart", hear, FIRST).apply(CONTENT);
    new UpdateEdit(shape, "cart", hear, FIRST).apply({ ...CONTENT, document: { cart: ["cup"] } });
    expect(heard).toEqual([
      [["tea"], false],
      [["cup"], true],
    ]);
  });

  it("builds on what was gathered under its key", () => {
    const first = { change: { text: "10" }, isCleared: false };
    const edit = new UpdateEdit(shape, "a", (value) => Number(value) + 1, first);
    expect(edit.apply(CONTENT).document["a"]).toBe(11);
  });

  it("builds on nothing after a clear, and leaves the other keys to the commit", () => {
    const edit = new UpdateEdit(shape, "a", (value) => [value], {
      change: undefined,
      isCleared: true,
    });
    expect(() => edit.apply(CONTENT)).toThrow(CodecError);
    const counting = new UpdateEdit(shape, "a", (value) => Number(value ?? 0) + 1, {
      change: undefined,
      isCleared: true,
    });
    expect(counting.apply(CONTENT).document).toEqual({ a: 1, b: [2] });
  });

  it("that gives REMOVE removes the key", () => {
    const edit = new UpdateEdit(shape, "a", () => REMOVE, FIRST);
    expect(edit.apply(CONTENT).document).toEqual({ b: [2] });
    expect(edit.text).toBeUndefined();
  });

  it("may change the value that it is given, and spoils nothing", () => {
    const edit = new UpdateEdit(
      shape,
      "b",
      (value) => {
        if (Array.isArray(value)) value.push(3);
        return value;
      },
      FIRST,
    );
    expect(edit.apply(CONTENT).document["b"]).toEqual([2, 3]);
    expect(edit.apply(CONTENT).document["b"]).toEqual([2, 3]);
    expect(CONTENT.document["b"]).toEqual([2]);
  });

  it("that is asynchronous is refused", () => {
    const edit = new UpdateEdit(shape, "a", async () => 1, FIRST);
    expect(() => edit.apply(CONTENT)).toThrow("must be synchronous");
  });
});

describe("the text of messages", () => {
  const entry = fc.tuple(fc.string(), fc.string(), fc.jsonValue());

  it("reads back", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        fc.pre(!JSON.stringify(entries).includes("__proto__"));
        const plain: FlashEntry[] = JSON.parse(JSON.stringify(entries));
        expect(parseFlash(flashText(plain))).toEqual(plain);
      }),
    );
  });

  it.each(["", "{", "null", "7", "{}", '[1,"x",["m1"],["m1",2,3],[1,"k","v"],["m1","k"]]'])(
    "that is none gives none: %j",
    (text) => {
      expect(parseFlash(text)).toEqual([]);
    },
  );

  it("is empty where there are none, so that it costs nothing", () => {
    expect(flashText([])).toBe("");
  });
});

describe("chosen keys", () => {
  it("are the document's own", () => {
    expect(pick({ a: 1, b: 2 }, ["a", "c", "toString", "__proto__"])).toEqual({ a: 1 });
    expect(own({ a: 1 }, "constructor")).toBeUndefined();
  });
});
