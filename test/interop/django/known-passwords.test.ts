import { expect, it } from "vitest";
import { askedPasswords, KnownPasswords } from "../../../src/interop/django/known-passwords.ts";

it("what failed is asked again", async () => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    asked += 1;
    if (asked === 1) throw new Error("down");
    return "field";
  };
  const known = new KnownPasswords(askedPasswords(ask), 60_000);
  await expect(known.of("1", 0)).rejects.toThrow("down");
  expect(await known.of("1", 1)).toBe("field");
  expect(await known.of("1", 2)).toBe("field");
  expect(asked).toBe(2);
});

it("many who ask at once share one answer, and a clock that goes back asks again", async () => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    asked += 1;
    return String(asked);
  };
  const known = new KnownPasswords(askedPasswords(ask), 60_000);
  expect(await Promise.all([known.of("1", 9), known.of("1", 9), known.of("2", 9)])).toEqual([
    "1",
    "1",
    "2",
  ]);
  expect(await known.of("1", 8)).toBe("3");
});

it("of very many users the first are forgotten", async () => {
  const asked = new Map<string, number>();
  const ask = async (id: string): Promise<string> => {
    asked.set(id, (asked.get(id) ?? 0) + 1);
    return id;
  };
  const known = new KnownPasswords(askedPasswords(ask), 60_000);
  for (let id = 0; id <= 10_000; id += 1) await known.of(String(id), 0);
  await known.of("10000", 0);
  await known.of("0", 0);
  expect([asked.get("10000"), asked.get("0")]).toEqual([1, 2]);
});
