import { describe, expect, it } from "vitest";
import type { SessionStore } from "../../../src/core/store.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
/** Long ago, so that a sweep finds the same by the backend's own clock. */
const NOW = 1_600_000_000_000;
const user = { manager: "shop", userId: "alice" };

/** Checks that a store forgets generations in their time, and that none comes back. */
export function describeGenerations(name: string, open: OpenStore): void {
  const { signal } = new AbortController();
  const at = (now: number) => ({ now, signal });
  const within =
    (work: (store: Required<Pick<SessionStore, "directory" | "expiry">>) => Promise<void>) =>
    async () => {
      const { store, close } = await open();
      const { directory, expiry } = store;
      if (directory === undefined || expiry === undefined) throw new Error("nothing to check");
      try {
        await work({ directory, expiry });
      } finally {
        await close();
      }
    };

  describe(`${name} keeps generations`, () => {
    it(
      "that are the time of their raising, or one more than the last",
      within(async ({ directory }) => {
        expect(await directory.raiseGeneration(user, at(NOW))).toBe(NOW);
        expect(await directory.raiseGeneration(user, at(NOW - HOUR_MS))).toBe(NOW + 1);
        expect(await directory.raiseGeneration(user, at(NOW))).toBe(NOW + 2);
        expect(await directory.raiseGeneration(user, at(NOW + HOUR_MS))).toBe(NOW + HOUR_MS);
        expect(await directory.generation(user, at(NOW))).toBe(NOW + HOUR_MS);
      }),
    );

    it(
      "until then, and no longer",
      within(async ({ directory, expiry }) => {
        const keepUntil = NOW + 24 * HOUR_MS;
        await directory.raiseGeneration(user, at(NOW), keepUntil);
        expect(await expiry.deleteExpired(at(keepUntil - 1))).toBe(0);
        expect(await directory.generation(user, at(keepUntil - 1))).toBe(NOW);
        expect(await expiry.deleteExpired(at(keepUntil + HOUR_MS))).toBe(0);
        expect(await directory.generation(user, at(keepUntil + HOUR_MS))).toBe(0);
        const later = at(keepUntil + 2 * HOUR_MS);
        expect(await directory.raiseGeneration(user, later, keepUntil)).toBe(later.now);
      }),
    );

    it(
      "no longer in thirty years, by the application's clock alone",
      within(async ({ directory, expiry }) => {
        const now = Date.now();
        await directory.raiseGeneration(user, at(now), now + 90 * 24 * HOUR_MS);
        await expiry.deleteExpired(at(now + 30 * YEAR_MS));
        expect(await directory.generation(user, at(now))).toBe(0);
      }),
    );

    it(
      "until the latest that anybody has named",
      within(async ({ directory, expiry }) => {
        await directory.raiseGeneration(user, at(NOW), NOW + 24 * HOUR_MS);
        const last = await directory.raiseGeneration(user, at(NOW), NOW + HOUR_MS);
        await expiry.deleteExpired(at(NOW + 20 * HOUR_MS));
        expect(await directory.generation(user, at(NOW))).toBe(last);
        await expiry.deleteExpired(at(NOW + 26 * HOUR_MS));
        expect(await directory.generation(user, at(NOW))).toBe(0);
      }),
    );

    it(
      "for ever where anybody has named nothing",
      within(async ({ directory, expiry }) => {
        await directory.raiseGeneration(user, at(NOW), NOW + HOUR_MS);
        await directory.raiseGeneration(user, at(NOW));
        const last = await directory.raiseGeneration(user, at(NOW), NOW + HOUR_MS);
        await expiry.deleteExpired(at(NOW + 3 * YEAR_MS));
        expect(await directory.generation(user, at(NOW))).toBe(last);
      }),
    );

    it(
      "of everybody else, when one user's is forgotten",
      within(async ({ directory, expiry }) => {
        const others = [
          { ...user, userId: "bob" },
          { ...user, manager: "staff" },
        ];
        await directory.raiseGeneration(user, at(NOW), NOW + HOUR_MS);
        for (const other of others) await directory.raiseGeneration(other, at(NOW), NOW + YEAR_MS);
        await expiry.deleteExpired(at(NOW + 24 * HOUR_MS));
        expect(await directory.generation(user, at(NOW))).toBe(0);
        for (const other of others) expect(await directory.generation(other, at(NOW))).toBe(NOW);
      }),
    );

    it(
      "that rise for each who raises at once, whatever is swept meanwhile",
      within(async ({ directory, expiry }) => {
        for (let round = 0; round < 20; round += 1) {
          const call = at(NOW + round * 2 * HOUR_MS);
          const before = await directory.generation(user, call);
          const raises = Array.from({ length: 4 }, () =>
            directory.raiseGeneration(user, call, call.now + 1),
          );
          const [, ...raised] = await Promise.all([expiry.deleteExpired(call), ...raises]);
          expect(Math.min(...raised)).toBeGreaterThan(before);
          expect(await directory.generation(user, call)).toBe(Math.max(...raised));
        }
      }),
    );
  });
}
