import { describe, expect, it } from "vitest";
import { CONTESTANTS } from "../../races/contestants.ts";
import type { Contestant } from "../../races/runner/contestant.ts";
import type { Findings } from "../../races/runner/findings.ts";
import type { Effort } from "../../races/runner/races/effort.ts";
import { runContestant } from "../../races/runner/run.ts";
import { withStore } from "../../races/runner/stores.ts";

const EFFORT: Effort = { rounds: 2, parallel: 10, parallelRounds: 1, patienceMs: 30_000 };
/** For whoever answers nothing. */
const BRIEF: Effort = { ...EFFORT, patienceMs: 3_000 };

const HELD = {
  lostUpdate: { rounds: 2, bothKept: 2, parallel: 10, keys: [10], counts: [10] },
  resurrection: { rounds: 2, byWriter: 0, byReader: 0 },
  copyLives: false,
  fixation: { rounds: 2, planted: 0, adoptsEnded: false, adoptsInvented: false },
  redirect: { rounds: 2, missed: 0, isHeld: true },
  outage: {
    silent: { read: 503, write: 503, survives: true, recovers: true },
    dead: { read: 503, write: 503, survives: true, recovers: true },
  },
  revocation: { requests: 20, accepted: 0 },
};

describe("the races", { timeout: 300_000 }, () => {
  it("are all won by an application that breaks no rule", async () => {
    expect(await found(tiny("right"))).toEqual(HELD);
  });

  it("are fewer where sessions hold nothing but who is there", async () => {
    const { lostUpdate: _, redirect: __, outage, ...others } = HELD;
    const { write: ___, ...read } = outage.dead;
    expect(await found(tiny("right", "who"))).toEqual({
      ...others,
      resurrection: { rounds: 2, byReader: 0 },
      outage: { silent: read, dead: read },
    });
  });

  it("are all lost by one that breaks each", async () => {
    expect(await found(tiny("wrong"), BRIEF)).toEqual({
      lostUpdate: { rounds: 2, bothKept: 0, parallel: 10, keys: [1], counts: [1] },
      resurrection: { rounds: 2, byWriter: 2, byReader: 2 },
      copyLives: true,
      fixation: { rounds: 2, planted: 2, adoptsEnded: true, adoptsInvented: true },
      redirect: { rounds: 2, missed: 2, isHeld: true },
      outage: {
        silent: { read: "none", write: "none", survives: true, recovers: true },
        dead: { read: "none", write: "none", survives: false, recovers: false },
      },
      revocation: { requests: 20, accepted: 20 },
    });
  });

  it("are won by Sojourn on Redis", async () => {
    expect(await found(contestant("Sojourn", "redisStore"))).toEqual(HELD);
  });

  it("lose express-session its updates and its sign-outs, and nothing else that is known here", async () => {
    const one = contestant("express-session", "connect-redis, as advised");
    const findings = await found(one, BRIEF);
    expect(findings).toMatchObject({
      lostUpdate: { bothKept: 0, keys: [1], counts: [1] },
      resurrection: { byWriter: 2, byReader: 0 },
      fixation: HELD.fixation,
      redirect: HELD.redirect,
      revocation: HELD.revocation,
    });
  });
});

async function found(one: Contestant, effort = EFFORT): Promise<Findings> {
  return withStore(one, async (store) => (await runContestant(one, store, effort)).findings);
}

function tiny(name: "right" | "wrong", ...more: readonly string[]): Contestant {
  return { name, setting: "", place: "redis", command: [process.execPath, `${name}.js`, ...more] };
}

function contestant(name: string, setting: string): Contestant {
  const one = CONTESTANTS.find((known) => known.name === name && known.setting === setting);
  if (one === undefined) throw new Error(`There is no contestant ${name}, ${setting}.`);
  return one;
}
