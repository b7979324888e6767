import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { StoreCall } from "../../../src/core/store.ts";
import type { ForeignPlace } from "../../../src/interop/places/place.ts";

/** What a place can hold, and how exactly. */
export interface PlaceTraits {
  /** Makes a key of the framework's form. */
  readonly newKey?: () => string;
  /** Bytes that the place can hold: texts, where its column is one. */
  readonly bytes?: Uint8Array;
  /** How far an end may be from what was written, in ms. */
  readonly toleranceMs?: number;
  /** Left out where only the bytes tell of the end. */
  readonly tellsEnd?: boolean;
  /** Whether it answers at once, whatever the signal says. */
  readonly answersAtOnce?: boolean;
}

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, value) => value);
const HOUR = 3_600_000;

/** A call now, which is not to take longer than the test. */
export function call(now = Date.now()): StoreCall {
  return { now, signal: AbortSignal.timeout(20_000) };
}

/** What every place of a framework's sessions does alike. */
export function describePlace(
  name: string,
  place: () => ForeignPlace,
  {
    newKey = randomUUID,
    bytes = ALL_BYTES,
    toleranceMs = 2_000,
    tellsEnd = true,
    answersAtOnce = false,
  }: PlaceTraits = {},
): void {
  const other = (text: string): Uint8Array => Buffer.concat([bytes, Buffer.from(text)]);
  const end = (): number => Date.now() + HOUR;

  describe(`sessions of another framework in ${name}`, () => {
    it("finds nothing where nothing is", async () => {
      expect(await place().read(newKey(), call())).toBeUndefined();
    });

    it("reads what was put there, byte by byte, with its end", async () => {
      const key = newKey();
      const endsAt = end();
      expect(await place().insert(key, { bytes, endsAt }, call())).toBe(true);
      const row = await place().read(key, call());
      expect(Buffer.from(row?.bytes ?? []).equals(bytes)).toBe(true);
      if (!tellsEnd) expect(row?.endsAt).toBeUndefined();
      else expect(Math.abs((row?.endsAt ?? 0) - endsAt)).toBeLessThanOrEqual(toleranceMs);
    });

    it("puts nothing where something live is", async () => {
      const key = newKey();
      await place().insert(key, { bytes, endsAt: end() }, call());
      expect(await place().insert(key, { bytes: other("b"), endsAt: end() }, call())).toBe(false);
      expect((await place().read(key, call()))?.bytes.length).toBe(bytes.length);
    });

    it("replaces exactly what it was told", async () => {
      const key = newKey();
      await place().insert(key, { bytes, endsAt: end() }, call());
      const after = { bytes: other("b"), endsAt: end() };
      expect(await place().replace(key, other("a"), after, call())).toBe(false);
      expect(await place().replace(key, bytes, after, call())).toBe(true);
      expect(await place().replace(key, bytes, after, call())).toBe(false);
      const row = await place().read(key, call());
      expect(Buffer.from(row?.bytes ?? []).equals(other("b"))).toBe(true);
    });

    it("replaces bytes by the same bytes", async () => {
      const key = newKey();
      const row = { bytes, endsAt: end() };
      await place().insert(key, row, call());
      expect(await place().replace(key, bytes, row, call())).toBe(true);
    });

    it("tells letters and trailing blanks apart", async () => {
      const key = newKey();
      await place().insert(key, { bytes: Buffer.from("abc"), endsAt: end() }, call());
      const after = { bytes, endsAt: end() };
      for (const near of ["ABC", "abc ", "ab", "abç"]) {
        expect(await place().replace(key, Buffer.from(near), after, call())).toBe(false);
        expect(await place().remove(key, Buffer.from(near), call())).toBe(false);
      }
      expect(await place().replace(key, Buffer.from("abc"), after, call())).toBe(true);
    });

    it("replaces nothing where nothing is", async () => {
      const key = newKey();
      expect(await place().replace(key, bytes, { bytes, endsAt: end() }, call())).toBe(false);
      expect(await place().read(key, call())).toBeUndefined();
    });

    it("lets one of twenty win", async () => {
      const key = newKey();
      await place().insert(key, { bytes, endsAt: end() }, call());
      const attempts = Array.from({ length: 20 }, (_, n) =>
        place().replace(key, bytes, { bytes: other(String(n)), endsAt: end() }, call()),
      );
      const won = (await Promise.all(attempts)).map((done, n) => (done ? n : -1));
      const winners = won.filter((n) => n >= 0);
      expect(winners).toHaveLength(1);
      const row = await place().read(key, call());
      expect(Buffer.from(row?.bytes ?? []).equals(other(String(winners[0])))).toBe(true);
    });

    it("lets one of twenty begin", async () => {
      const key = newKey();
      const attempts = Array.from({ length: 20 }, (_, n) =>
        place().insert(key, { bytes: other(String(n)), endsAt: end() }, call()),
      );
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
    });

    it("takes away exactly what it was told, or whatever is there", async () => {
      const key = newKey();
      await place().insert(key, { bytes, endsAt: end() }, call());
      expect(await place().remove(key, other("a"), call())).toBe(false);
      expect(await place().remove(key, bytes, call())).toBe(true);
      expect(await place().remove(key, bytes, call())).toBe(false);
      expect(await place().read(key, call())).toBeUndefined();
      await place().insert(key, { bytes, endsAt: end() }, call());
      expect(await place().remove(key, undefined, call())).toBe(true);
      expect(await place().remove(key, undefined, call())).toBe(false);
      expect(await place().read(key, call())).toBeUndefined();
    });

    it("moves the end of exactly what it was told", async () => {
      const key = newKey();
      await place().insert(key, { bytes, endsAt: end() }, call());
      const later = end() + 5 * HOUR;
      const extended = await place().extend?.(key, bytes, later, call());
      if (extended === undefined) return;
      expect(extended).toBe(true);
      expect(await place().extend?.(key, other("a"), end(), call())).toBe(false);
      expect(await place().extend?.(key, bytes, later, call())).toBe(true);
      const row = await place().read(key, call());
      if (tellsEnd) expect(Math.abs((row?.endsAt ?? 0) - later)).toBeLessThanOrEqual(toleranceMs);
    });

    it.skipIf(answersAtOnce)("refuses at once what is asked too late", async () => {
      const late = { now: Date.now(), signal: AbortSignal.abort() };
      await expect(place().read(newKey(), late)).rejects.toThrow();
    });

    it("is ready", async () => {
      await place().prepare?.(call());
      expect(place().profile.caveats.every((caveat) => caveat.endsWith("."))).toBe(true);
    });
  });
}

/** That what stands still is not waited for beyond the signal, and is used again afterwards. */
export async function expectBounded(
  place: ForeignPlace,
  key: string,
  stall: { readonly hold: () => void; readonly pass: () => void },
): Promise<void> {
  const bytes = Buffer.from("x");
  const endsAt = Date.now() + HOUR;
  await place.insert(key, { bytes, endsAt }, call());
  stall.hold();
  const soon = (): StoreCall => ({ now: Date.now(), signal: AbortSignal.timeout(100) });
  await expect(place.read(key, soon())).rejects.toThrow();
  await expect(place.replace(key, bytes, { bytes, endsAt }, soon())).rejects.toThrow();
  stall.pass();
  await expect.poll(() => place.read(key, call()).catch(() => undefined)).toBeDefined();
}
