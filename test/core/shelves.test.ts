import { describe, expect, it } from "vitest";
import { type Shelved, Shelves } from "../../src/core/commit/shelves.ts";
import type { SessionId } from "../../src/core/token.ts";

class Item implements Shelved<Item> {
  previous: Item | undefined;
  next: Item | undefined;
  readonly id: SessionId;

  constructor(id: string) {
    this.id = id as SessionId;
  }
}

describe("shelves", () => {
  it("find each of many by its id, in whatever order they come and go", () => {
    const shelves = new Shelves<Item>();
    // So many that dozens share a shelf, and ids too short to tell one.
    const items = Array.from({ length: 3_000 }, (_, number) => new Item(number.toString(36)));
    const there = new Set<Item>();
    const check = (): void => {
      for (const item of items)
        expect(shelves.find(item.id)).toBe(there.has(item) ? item : undefined);
    };
    for (const stride of [7, 11, 1_009]) {
      for (let step = 0; step < items.length; step += 1) {
        const item = items[(step * stride) % items.length] as Item;
        if (there.delete(item)) shelves.remove(item);
        else {
          there.add(item);
          shelves.add(item);
        }
      }
      check();
    }
    expect(there.size).toBe(3_000);
    for (const item of [...there].reverse()) shelves.remove(item);
    there.clear();
    check();
  });

  it("let go of what is taken out, and take it out once", () => {
    const shelves = new Shelves<Item>();
    const [first, second, third] = [new Item("aax"), new Item("bax"), new Item("cax")];
    for (const item of [first, second, third]) shelves.add(item);
    shelves.remove(second);
    shelves.remove(second);
    expect([second.previous, second.next]).toEqual([undefined, undefined]);
    expect(shelves.find(first.id)).toBe(first);
    expect(shelves.find(third.id)).toBe(third);
    shelves.remove(third);
    shelves.remove(third);
    expect(shelves.find(first.id)).toBe(first);
  });
});
