import { describe, expect, it } from "vitest";
import type { FlashEntry } from "../../../src/core/commit/edit.ts";
import { CodecError } from "../../../src/index.ts";
import { DEFAULT_TAGS, DjangoMessages } from "../../../src/interop/django/django-messages.ts";

const messages = new DjangoMessages(DEFAULT_TAGS);
const SAFE = '["__json_message", 1, 25, "<b>Saved</b>", "left big"]';
const PLAIN = '["__json_message", 0, 30, "Slowly"]';
const CUSTOM = '["__json_message", 0, 35, "Own"]';
const stored = (...entries: readonly string[]): string => `[${entries.join(", ")}]`;
const ours = (name: string, tag: string, value: string): FlashEntry => [name, tag, value];

describe("messages of Django's", () => {
  it("have the tags of their levels as keys", () => {
    const read = messages.read(stored(SAFE, PLAIN, CUSTOM));
    expect(read.map(([, tag, text]) => [tag, text])).toEqual([
      ["success", "<b>Saved</b>"],
      ["warning", "Slowly"],
      ["35", "Own"],
    ]);
  });

  it("stay the very value as long as nobody takes one", () => {
    const text = stored(SAFE, '["another", "form"]', PLAIN);
    expect(messages.write(messages.read(text), text)).toBe(text);
  });

  it("that are left keep their extra tags, and that they are safe", () => {
    const text = stored(PLAIN, SAFE, CUSTOM);
    expect(messages.write(messages.read(text).slice(1), text)).toBe(stored(SAFE, CUSTOM));
  });

  it("are known still once one before them has gone", () => {
    const [, ...left] = messages.read(stored(PLAIN, SAFE, SAFE));
    expect(messages.write(left, stored(SAFE, SAFE))).toBe(stored(SAFE, SAFE));
    expect(messages.write([...left, ours("n", "info", "New")], stored(SAFE, SAFE))).toBe(
      stored(SAFE, SAFE, '["__json_message", 0, 20, "New"]'),
    );
  });

  it("leave no key behind once all are taken", () => {
    expect(messages.write([], stored(SAFE))).toBeUndefined();
  });

  it.each([undefined, "", "nonsense", "{}", 7])("are none in %j, which stays", (value) => {
    expect(messages.read(value)).toEqual([]);
    expect(messages.write([], value)).toBe(value);
  });
});

describe("a message of ours", () => {
  it("is written as Django writes it", () => {
    expect(messages.write([ours("n", "error", 'Zoë\'s "card"')], undefined)).toBe(
      String.raw`[["__json_message", 0, 40, "Zo\u00eb's \"card\""]]`,
    );
  });

  it("may have a level that only the project has", () => {
    const own = new DjangoMessages(new Map([...DEFAULT_TAGS, [50, "critical"]]));
    expect(own.write([ours("n", "critical", "!")], undefined)).toContain(", 50, ");
    expect(messages.write([ours("n", "35", "!")], undefined)).toContain(", 35, ");
  });

  it("is refused by name where Django has no level for it, or no text", () => {
    expect(() => messages.write([ours("n", "notice", "!")], undefined)).toThrow(
      /flash\.notice.*debug, info, success, warning, error/,
    );
    expect(() => messages.write([["n", "info", { a: 1 }]], undefined)).toThrow(CodecError);
  });
});
