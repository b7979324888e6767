import { beforeAll, describe, it } from "vitest";
import type { SubjectName } from "../history/subjects.ts";
import { endure, type Outage } from "./endure.ts";

const CASES: readonly (readonly [SubjectName, Outage])[] = [
  ["redis", "paused"],
  ["redis", "killed"],
  ["redis", "silent"],
  ["ioredis", "killed"],
  ["ioredis", "silent"],
  ["postgres", "paused"],
  ["postgres", "killed"],
  ["postgres.js", "killed"],
  ["mysql", "paused"],
  ["mysql", "killed"],
  // One that is killed has forgotten everything, as its profile says.
  ["memcached", "paused"],
];

describe("an application whose server is gone for ten seconds", () => {
  // All at once, as most of the time they wait; Vitest by itself runs five.
  const outcomes = new Map<string, Promise<unknown>>();
  beforeAll(() => {
    for (const [subject, outage] of CASES) {
      const outcome = endure(subject, outage).catch((error: unknown) => error);
      outcomes.set(`${subject} ${outage}`, outcome);
    }
  });

  it.each(CASES)(
    "on %s (%s) answers in time, and goes on by itself",
    { timeout: 180_000 },
    async (subject, outage) => {
      const failure = await outcomes.get(`${subject} ${outage}`);
      if (failure !== undefined) throw failure;
    },
  );
});
