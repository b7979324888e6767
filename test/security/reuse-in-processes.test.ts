import { describe, expect, it } from "vitest";
import type { SubjectName } from "../history/subjects.ts";
import { type Worker, withCrew } from "./support/crew.ts";
import type { Told } from "./support/theft-worker.ts";

const MINUTE_MS = 60_000;

/** How often a session is stolen. */
const ROUNDS: Partial<Record<SubjectName, number>> = {
  redis: 40,
  postgres: 40,
  mysql: 10,
  sqlite: 10,
};

interface Found {
  readonly alive: number;
  readonly told: number;
}

const look = (worker: Worker, token: string): Promise<Told> => worker.do({ does: "look", token });

/**
 * A thief at one process has copied the first token of a session, a victim at the other one goes on. Both
 * come at the same moment, with several requests each, some of which ask for new tokens.
 */
async function round(one: Worker, other: Worker, number: number): Promise<Found> {
  const signedIn = await one.do({ does: "signIn", userId: `user ${number}` });
  const stolen = String(signedIn.token);
  await look(other, stolen);
  for (const worker of [one, other]) await worker.do({ does: "move", ms: 15 * MINUTE_MS });
  const renewed = String((await look(other, stolen)).token);
  expect(renewed).not.toBe(stolen);
  await look(one, renewed);
  for (const worker of [one, other]) await worker.do({ does: "move", ms: MINUTE_MS });
  const answers = await Promise.all([
    look(one, stolen),
    other.do({ does: "regenerate", token: renewed }),
    look(other, stolen),
    one.do({ does: "regenerate", token: renewed }),
    look(one, renewed),
  ]);
  const tokens = new Set([stolen, renewed, ...answers.flatMap(({ token }) => token ?? [])]);
  const looks = await Promise.all(
    [...tokens].flatMap((token) => [look(one, token), look(other, token)]),
  );
  const alive = looks.filter(({ userId }) => userId !== null).length;
  const told = [...answers, ...looks].flatMap(({ heard }) => heard);
  return { alive, told: told.length };
}

describe.each(Object.entries(ROUNDS))("two processes that share %s", (name, rounds) => {
  it("end a session once of which two have tokens, for both", async () => {
    await withCrew(name as SubjectName, async (one, other) => {
      const found: Found[] = [];
      for (let n = 0; n < rounds; n += 1) found.push(await round(one, other, n));
      expect(found).toEqual(found.map(() => ({ alive: 0, told: 1 })));
    });
  }, 300_000);
});
