import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import type { OnLimit } from "../../src/security/limits/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../history/subjects.ts";
import { Browser } from "../laws/support/browser.ts";
import { times } from "../laws/support/world.ts";
import { type Ask, PER_USER, type Told } from "./support/limit-worker.ts";

const WORKER = fileURLToPath(new URL("./support/limit-worker.ts", import.meta.url));
/** Sign-ins as one user at the same moment, in each process. */
const AT_ONCE = 3;

/** How often that is done. */
const ROUNDS: Partial<Record<SubjectName, number>> = {
  redis: 100,
  postgres: 100,
  mysql: 20,
  sqlite: 40,
  file: 10,
};

async function forked(...args: readonly string[]): Promise<ChildProcess> {
  const worker = fork(WORKER, args, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  await once(worker, "message");
  return worker;
}

/** Both processes are told before either can have answered. */
async function asked(workers: readonly ChildProcess[], ask: Ask): Promise<Told["answers"]> {
  const answers = workers.map(async (worker) => {
    const [told] = (await once(worker, "message")) as [Told];
    return told.answers;
  });
  for (const worker of workers) worker.send(ask);
  return (await Promise.all(answers)).flat();
}

interface Verdict {
  readonly live: number;
  readonly listed: number;
  readonly statuses: readonly number[];
}

async function judged(
  sessions: Sessions<Untyped>,
  round: number,
  answers: Told["answers"],
): Promise<Verdict> {
  const alive = await Promise.all(
    answers.map(async ([, token]) => {
      if (token === undefined) return false;
      const browser = new Browser(sessions);
      browser.token = token;
      return (await browser.visit((session) => session.userId ?? null)).json !== null;
    }),
  );
  const listed = await sessions.list({ userId: `user ${round}` });
  const statuses = answers.map(([status]) => status);
  return { live: alive.filter(Boolean).length, listed: listed.length, statuses };
}

describe.each(Object.entries(ROUNDS))("two processes that share %s", (name, rounds) => {
  it.each(["endOldest", "refuseNewest"] as const)(
    "let a user have two sessions, whoever signs in at the same moment: %s [ASVS 7.1.2, WSTG-SESS-11]",
    async (onLimit: OnLimit) => {
      const subject = name as SubjectName;
      const folder = await mkdtemp(join(tmpdir(), "sojourn-limits-"));
      const server = await ("server" in subjects[subject]
        ? subjects[subject].server?.()
        : undefined);
      const place: StorePlace = { folder, port: server?.port ?? 0 };
      const workers = await times(2, () => forked(subject, JSON.stringify(place), onLimit));
      const store = await subjects[subject].open(place);
      const sessions = createSessions<Untyped>({ store, storeTimeout: "20s" });
      try {
        const verdicts: Verdict[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const answers = await asked(workers, { round, onLimit, count: AT_ONCE });
          verdicts.push(await judged(sessions, round, answers));
        }
        const full = { live: PER_USER, listed: PER_USER };
        expect(verdicts.map(({ live, listed }) => ({ live, listed }))).toEqual(
          Array.from({ length: rounds }, () => full),
        );
        const refused = onLimit === "endOldest" ? 0 : 2 * AT_ONCE - PER_USER;
        const conflicts = verdicts.map(
          ({ statuses }) => statuses.filter((status) => status === 409).length,
        );
        expect(conflicts).toEqual(Array.from({ length: rounds }, () => refused));
      } finally {
        for (const worker of workers) worker.disconnect();
        await sessions.close();
        await server?.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
    300_000,
  );
});
