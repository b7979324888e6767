import { describe, expect, it } from "vitest";
import type { SubjectName } from "../history/subjects.ts";
import { times } from "../laws/support/world.ts";
import { type Worker, withCrew } from "./support/crew.ts";

const WITHIN_MS = 30_000;

/** How often everybody is put out while others sign in. */
const ROUNDS: Partial<Record<SubjectName, number>> = { redis: 30, postgres: 30, sqlite: 10 };

interface Found {
  readonly before: number;
  readonly after: number;
  readonly torn: number;
}

/** Who of them is signed in, as one process sees it. */
async function aliveAt(worker: Worker, tokens: readonly string[]): Promise<readonly boolean[]> {
  const looks = tokens.map(async (token) => (await worker.do({ does: "look", token })).userId);
  return (await Promise.all(looks)).map((userId) => userId !== null);
}

async function signedIn(worker: Worker, round: number, count = 3): Promise<string[]> {
  const told = await times(count, (n) =>
    worker.do({ does: "signIn", userId: `user ${round} ${n}` }),
  );
  return told.flatMap(({ token }) => token ?? []);
}

/** Everybody is put out by one process while both sign in and give new tokens. */
async function round(one: Worker, other: Worker, number: number): Promise<Found> {
  const before = [...(await signedIn(one, number)), ...(await signedIn(other, number))];
  const regenerating = [one, other].flatMap((worker, at) =>
    before
      .slice(at * 3, at * 3 + 2)
      .map(async (token) => (await worker.do({ does: "regenerate", token })).token ?? token),
  );
  const during = [signedIn(one, number), signedIn(other, number)];
  await other.do({ does: "everyone" });
  const after = [...(await signedIn(one, number)), ...(await signedIn(other, number))];
  const regenerated = await Promise.all(regenerating);
  const between = (await Promise.all(during)).flat();
  // The other one knows at once.
  const atOnce = await aliveAt(other, [...before, ...regenerated]);
  for (const worker of [one, other]) await worker.do({ does: "move", ms: WITHIN_MS });
  const seen = await Promise.all(
    [one, other].map(async (worker) => ({
      before: await aliveAt(worker, [...before, ...regenerated]),
      between: await aliveAt(worker, between),
      after: await aliveAt(worker, after),
    })),
  );
  const [here, there] = seen;
  const torn = between.filter((_, at) => here?.between[at] !== there?.between[at]).length;
  const survivors = [...atOnce, ...seen.flatMap((each) => each.before)].filter(Boolean).length;
  const lost = seen.flatMap((each) => each.after).filter((isAlive) => !isAlive).length;
  return { before: survivors, after: lost, torn };
}

describe.each(Object.entries(ROUNDS))(
  "everybody in two processes that share %s",
  (name, rounds) => {
    it("is out, whoever gives new tokens, and who signs in afterwards stays [ASVS 7.4.5]", async () => {
      await withCrew(name as SubjectName, async (one, other) => {
        const found: Found[] = [];
        for (let n = 0; n < rounds; n += 1) found.push(await round(one, other, n));
        expect(found).toEqual(found.map(() => ({ before: 0, after: 0, torn: 0 })));
      });
    }, 300_000);
  },
);
