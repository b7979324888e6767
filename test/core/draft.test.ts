import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Content, type FlashEntry, gatheredEdit } from "../../src/core/commit/edit.ts";
import type { Stored } from "../../src/core/commit/shown.ts";
import { UpdateEdit } from "../../src/core/commit/update-edit.ts";
import { CodecError } from "../../src/core/errors.ts";
import { type JsonObject, type JsonValue, own } from "../../src/core/json.ts";
import { Draft } from "../../src/core/request/draft.ts";
import { REMOVE } from "../../src/core/session.ts";
import { resolveShape } from "../../src/core/shape.ts";

const KEYS = ["cart", "theme", "visits", "constructor"] as const;
const DEFAULTS: JsonObject = { cart: ["tea"], theme: "light" };
const shape = resolveShape({ defaults: DEFAULTS });

function copy<T>(value: T): T {
  return structuredClone(value);
}

/** The store, and one request's draft on it, with the steps that the engine takes. */
class Subject {
  content: Content;
  readonly draft: Draft;

  constructor(document: JsonObject = {}, flash: readonly FlashEntry[] = []) {
    this.content = { document, flash, persistent: false, notes: undefined };
    this.draft = new Draft(shape, this.#stored(), () => 0);
  }

  /**
   * Returns whether there was anything to commit.
   *
   * @param meanwhile - What the request does while its changes are being stored.
   */
  commit(meanwhile = (): void => undefined): boolean {
    const gathered = this.draft.gathered();
    if (gathered === undefined) return false;
    meanwhile();
    this.content = gatheredEdit(gathered).apply(this.content);
    this.draft.rebase(this.#stored());
    this.draft.committed(gathered);
    return true;
  }

  update(key: string, change: (value: unknown) => unknown): void {
    const before = this.draft.gatheredAt(key);
    this.content = new UpdateEdit(shape, key, change, before).apply(this.content);
    this.draft.rebase(this.#stored());
    this.draft.settle(key, before);
  }

  /** Another request writes one key. */
  elsewhere(key: string, value: JsonValue): void {
    this.content = { ...this.content, document: { ...this.content.document, [key]: value } };
  }

  seen(): Record<string, unknown> {
    return Object.fromEntries(this.draft.keys().map((key) => [key, copy(this.draft.get(key))]));
  }

  #stored(): Stored {
    const document = copy(this.content.document);
    return { document, view: document, flash: this.content.flash, dueTimes: undefined };
  }
}

function resetAndChanged(cart: string[], draft: Draft): void {
  draft.set("cart", cart);
  cart.push("pot");
}

/** What the application sees, if sessions were a plain object. */
class Model {
  stored: JsonObject;
  own: JsonObject;

  constructor(stored: JsonObject) {
    this.stored = copy(stored);
    this.own = copy(stored);
  }

  get(key: string): JsonValue | undefined {
    return Object.hasOwn(this.own, key) ? this.own[key] : own(DEFAULTS, key);
  }

  seen(): Record<string, unknown> {
    return { ...DEFAULTS, ...this.own };
  }
}

interface Command extends fc.Command<Model, Subject> {
  check(): boolean;
}

function command(name: string, run: (model: Model, subject: Subject) => void): Command {
  return {
    check: () => true,
    run: (model, subject) => {
      run(model, subject);
      expect(subject.seen()).toEqual(model.seen());
    },
    toString: () => name,
  };
}

const key = fc.constantFrom(...KEYS);
const value = fc.oneof(
  fc.constantFrom<JsonValue>(null, "light", "dark", 0, 1, false),
  fc.array(fc.constantFrom("tea", "cup"), { maxLength: 2 }),
);

function copied(value: JsonValue): JsonValue {
  return copy(value);
}

const commands = [
  fc.tuple(key, value).map(([of, to]) =>
    command(`set ${of} ${JSON.stringify(to)}`, (model, { draft }) => {
      draft.set(of, copied(to));
      model.own[of] = copied(to);
    }),
  ),
  key.map((of) =>
    command(`get ${of}`, (model, { draft }) => {
      expect(draft.get(of)).toEqual(model.get(of));
      expect(draft.has(of)).toBe(model.get(of) !== undefined);
    }),
  ),
  key.map((of) =>
    command(`delete ${of}`, (model, { draft }) => {
      draft.delete(of);
      delete model.own[of];
    }),
  ),
  key.map((of) =>
    command(`push to ${of}`, (model, { draft }) => {
      const items = draft.get(of);
      if (!Array.isArray(items)) return;
      items.push("pot");
      model.own[of] = [...items];
    }),
  ),
  key.map((of) =>
    command(`get, change and set ${of}`, (model, { draft }) => {
      const items = draft.get(of);
      if (!Array.isArray(items)) return;
      items.push("lid");
      draft.set(of, items);
      model.own[of] = [...items];
    }),
  ),
  fc.constant(
    command("clear", (model, { draft }) => {
      draft.clear();
      model.own = {};
    }),
  ),
  fc.constant(
    command("drop", (model, { draft }) => {
      draft.drop();
      model.own = copy(model.stored);
    }),
  ),
  fc.constant(
    command("commit", (model, subject) => {
      const before = subject.content.document;
      const isCommitted = subject.commit();
      if (!isCommitted) expect(subject.content.document).toBe(before);
      // What equals its default need not be stored; what is stored is what was seen.
      const { document } = subject.content;
      expect({ ...DEFAULTS, ...document }).toEqual(model.seen());
      model.stored = copy(document);
      model.own = copy(document);
      expect(subject.commit()).toBe(false);
    }),
  ),
  key.map((of) =>
    command(`update ${of}`, (model, subject) => {
      const change = (newest: unknown): unknown => {
        expect(newest).toEqual(model.get(of));
        if (Array.isArray(newest)) return [...newest, "updated"];
        return newest === null ? REMOVE : "updated";
      };
      const next = change(copy(model.get(of)));
      subject.update(of, change);
      if (next === REMOVE) delete model.own[of];
      else model.own[of] = next as JsonValue;
      model.stored = copy(subject.content.document);
    }),
  ),
];

describe("a draft", () => {
  it("behaves as a plain object, whatever is done to it", () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.commands(commands, { maxCommands: 30 }),
        (stored, steps) => {
          const setup = () => ({ model: new Model(stored), real: new Subject(copy(stored)) });
          fc.modelRun(setup, steps);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("that was only read has nothing to commit", () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.array(key), (stored, keys) => {
        const { draft } = new Subject(stored);
        for (const of of keys) draft.get(of);
        draft.keys();
        expect(draft.gathered()).toBeUndefined();
      }),
    );
  });

  it("that was set to what it was has nothing to commit", () => {
    const { draft } = new Subject({ visits: 1, cart: ["cup"] });
    draft.set("visits", 1);
    draft.set("cart", ["cup"]);
    draft.set("theme", "light");
    draft.delete("absent");
    expect(draft.gathered()).toBeUndefined();
  });

  it("leaves keys alone that it has not touched", () => {
    const subject = new Subject({ visits: 1 });
    subject.draft.get("visits");
    subject.draft.set("theme", "dark");
    subject.elsewhere("visits", 2);
    subject.commit();
    expect(subject.content.document).toEqual({ visits: 2, theme: "dark" });
  });

  it("clears what it knew of, and keeps what it set since", () => {
    const subject = new Subject({ visits: 1, cart: [] });
    subject.draft.clear();
    subject.draft.set("theme", "dark");
    subject.commit();
    expect(subject.content.document).toEqual({ theme: "dark" });
  });

  it("clears nothing of what it stores after a clear of nothing", () => {
    const subject = new Subject();
    subject.draft.clear();
    subject.draft.set("visits", 1);
    subject.commit();
    expect(subject.commit()).toBe(false);
    expect(subject.content.document).toEqual({ visits: 1 });
  });

  it("notices a change in place of an object that it gave away before a commit", () => {
    const subject = new Subject({ cart: ["cup"] });
    const cart = subject.draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    subject.commit();
    cart.push("lid");
    subject.commit();
    expect(subject.content.document).toEqual({ cart: ["cup", "pot", "lid"] });
  });

  it("notices a change in place of an object that it was given", () => {
    const subject = new Subject();
    const cart = ["cup"];
    subject.draft.set("cart", cart);
    subject.commit();
    cart.push("pot");
    subject.commit();
    expect(subject.content.document).toEqual({ cart: ["cup", "pot"] });
  });

  it.each<[string, (cart: string[], draft: Draft) => unknown, JsonValue]>([
    ["in place", (cart) => cart.push("pot"), ["cup", "pot"]],
    ["by another value", (_cart, draft) => draft.set("cart", ["pot"]), ["pot"]],
    ["by the same value, then in place", resetAndChanged, ["cup", "pot"]],
    ["by its absence", (_cart, draft) => draft.delete("cart"), null],
  ])("notices a change %s while it is being stored", (_how, change, expected) => {
    for (const later of [[], ["saucer"]]) {
      const subject = new Subject();
      const cart = ["cup"];
      subject.draft.set("cart", cart);
      // What is stored is what was set, or what it has become by the time of its commit.
      cart.push(...later);
      subject.commit(() => {
        cart.splice(1);
        change(cart, subject.draft);
      });
      subject.commit();
      expect(own(subject.content.document, "cart") ?? null).toEqual(expected);
    }
  });

  it("notices a change in place of a default, and gives each session its own", () => {
    const subject = new Subject();
    const cart = subject.draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    subject.commit();
    expect(subject.content.document).toEqual({ cart: ["tea", "pot"] });
    expect(new Subject().draft.get("cart")).toEqual(["tea"]);
  });

  it("stores an object that was got, changed and set", () => {
    const subject = new Subject({ cart: ["cup"] });
    const cart = subject.draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    subject.draft.set("cart", cart);
    expect(subject.commit()).toBe(true);
    expect(subject.content.document).toEqual({ cart: ["cup", "pot"] });
  });

  it("notices a change in place of the default that shows again after a delete", () => {
    const subject = new Subject({ cart: ["cup"] });
    subject.draft.delete("cart");
    const cart = subject.draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    subject.commit();
    expect(subject.content.document).toEqual({ cart: ["tea", "pot"] });
    expect(subject.commit()).toBe(false);
  });

  it("shows the stored value again once its changes are dropped", () => {
    const { draft } = new Subject({ cart: ["cup"] });
    const cart = draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    draft.drop();
    expect(draft.get("cart")).toEqual(["cup"]);
  });

  it("leaves the stored document as it was, for the edits to build on", () => {
    const document: JsonObject = { cart: ["cup"] };
    const stored = { document, view: document, flash: [], dueTimes: undefined };
    const draft = new Draft(shape, stored, () => 0);
    const cart = draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push("pot");
    draft.clear();
    expect(draft.stored.document).toEqual({ cart: ["cup"] });
  });

  it.each<[string, (draft: Draft, cart: unknown) => void, number | undefined]>([
    ["changed in place", (_draft, cart) => Array.isArray(cart) && cart.push("pot"), 20],
    ["set again", (draft) => draft.set("cart", ["cup"]), undefined],
    ["set for longer", (draft) => draft.set("cart", ["cup"], 25), 25],
  ])("gives a value its time, though that may be over at each step: %s", (_how, act, dueAt) => {
    for (let start = 0; start <= 24; start += 1) {
      let ticks = start;
      const now = (): number => ticks++;
      const document: JsonObject = { cart: ["cup"] };
      const stored = { document, view: document, flash: [], dueTimes: new Map([["cart", 20]]) };
      const draft = new Draft(shape, stored, now);
      act(draft, draft.get("cart"));
      const written = draft.gathered()?.values ?? [];
      const cups = written.filter(([, text]) => text?.includes("cup"));
      expect(cups.map(([, , at]) => at)).toEqual(cups.map(() => dueAt));
      if (dueAt === undefined) expect(cups).toHaveLength(1);
    }
  });

  it("refuses a change in place that cannot be kept, and names it", () => {
    const { draft } = new Subject({ cart: [] });
    const cart = draft.get("cart");
    if (!Array.isArray(cart)) throw new Error("no array");
    cart.push(new Date(0));
    expect(() => draft.gathered()).toThrow(CodecError);
    expect(() => draft.gathered()).toThrow("cart[0]");
  });

  it("takes no text for the object that it became", () => {
    const { draft } = new Subject();
    expect(() => draft.set("__proto__", 1)).toThrow(CodecError);
    expect(draft.get("constructor")).toBeUndefined();
    expect(draft.has("toString")).toBe(false);
  });

  it("remembers changes that were made while it was being committed", () => {
    const subject = new Subject();
    subject.draft.set("visits", 1);
    const gathered = subject.draft.gathered();
    if (gathered === undefined) throw new Error("nothing gathered");
    subject.draft.set("visits", 2);
    subject.draft.flash(["m2", "notice", "later"]);
    subject.draft.committed(gathered);
    expect(subject.draft.get("visits")).toBe(2);
    expect(subject.draft.gathered()?.values).toEqual([["visits", "2"]]);
  });
});

describe("messages", () => {
  const first: FlashEntry = ["m1", "notice", "one"];
  const second: FlashEntry = ["m2", "notice", { two: 2 }];
  const other: FlashEntry = ["m3", "error", null];

  it("are shown in turn, each once", () => {
    const { draft } = new Subject({}, [first, other, second]);
    expect(draft.take("notice", false)).toBe("one");
    expect(draft.take("notice", false)).toEqual({ two: 2 });
    expect(draft.take("notice", false)).toBeUndefined();
  });

  it("are shown all at once, of one key or of every one", () => {
    const subject = new Subject({}, [first, other, second]);
    expect(subject.draft.takeAll("notice", true)).toHaveLength(2);
    expect(subject.draft.take("notice", false)).toBe("one");
    subject.draft.flash(["m4", "error", "new"]);
    const rest = [
      ["error", null],
      ["notice", { two: 2 }],
    ];
    expect(subject.draft.takeAll(undefined, false)).toEqual(rest);
    expect(subject.draft.takeAll(undefined, false)).toEqual([]);
    subject.commit();
    expect(subject.content.flash).toEqual([["m4", "error", "new"]]);
  });

  it("leave the store once they were shown, and no others", () => {
    const subject = new Subject({}, [first, other, second]);
    subject.draft.take("notice", false);
    subject.commit();
    expect(subject.content.flash).toEqual([other, second]);
  });

  it("stay where they were only looked at", () => {
    const { draft } = new Subject({}, [first]);
    expect(draft.take("notice", true)).toBe("one");
    expect(draft.gathered()).toBeUndefined();
  });

  it("are for the next request, also after this one has saved them", () => {
    const subject = new Subject();
    subject.draft.flash(first);
    expect(subject.draft.take("notice", false)).toBeUndefined();
    subject.commit();
    expect(subject.content.flash).toEqual([first]);
    expect(subject.draft.take("notice", false)).toBeUndefined();
    expect(subject.commit()).toBe(false);
  });

  it("are dropped with the changes", () => {
    const { draft } = new Subject({}, [first]);
    draft.take("notice", false);
    draft.flash(second);
    draft.drop();
    expect(draft.gathered()).toBeUndefined();
  });
});

describe("what is kept", () => {
  it("is what was gathered under the chosen keys", () => {
    const subject = new Subject({ cart: ["cup"] }, [["m1", "notice", "one"]]);
    const { draft } = subject;
    const cart = draft.get("cart");
    if (Array.isArray(cart)) cart.push("pot");
    draft.set("theme", "dark");
    draft.set("visits", 1);
    draft.take("notice", false);
    draft.flash(["m2", "notice", "two"]);
    draft.keepOnly(new Set(["theme"]), draft.changes());
    const gathered = draft.gathered();
    expect(gathered?.values).toEqual([["theme", '"dark"']]);
    expect(gathered?.flashed).toEqual([]);
    expect([...(gathered?.taken ?? [])]).toEqual([]);
  });
});
