import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../history/subjects.ts";
import { Browser } from "./support/browser.ts";
import type { Ask, Told } from "./support/hand-off-worker.ts";
import { times } from "./support/world.ts";

const WORKER = fileURLToPath(new URL("./support/hand-off-worker.ts", import.meta.url));
const AUDIENCE = "https://shop.example";
const AT_ONCE = 10;

/** How often a code is redeemed twice at the same moment. */
const ROUNDS: Partial<Record<SubjectName, number>> = {
  redis: 1_000,
  postgres: 1_000,
  sqlite: 100,
  file: 50,
  mysql: 50,
  memcached: 50,
};

/** Two processes, and the third one that makes the codes. */
class Crew {
  readonly sessions: Sessions<Untyped>;
  readonly #workers: readonly ChildProcess[];
  readonly #waiting = new Map<ChildProcess, Map<number, (told: Told) => void>>();

  private constructor(sessions: Sessions<Untyped>, workers: readonly ChildProcess[]) {
    this.sessions = sessions;
    this.#workers = workers;
    for (const worker of workers) {
      const waiting = new Map<number, (told: Told) => void>();
      this.#waiting.set(worker, waiting);
      worker.on("message", (told: Told) => waiting.get(told.round)?.(told));
    }
  }

  static async start(subject: SubjectName, place: StorePlace): Promise<Crew> {
    const workers = await times(2, async () => {
      const worker = fork(WORKER, [subject, JSON.stringify(place)], {
        execArgv: ["--disable-warning=ExperimentalWarning"],
      });
      await once(worker, "message");
      return worker;
    });
    const store = await subjects[subject].open(place);
    return new Crew(createSessions<Untyped>({ store, storeTimeout: "20s" }), workers);
  }

  /** Both are told before either can have answered. */
  redeemTwice(ask: Ask): Promise<Told[]> {
    const answers = this.#workers.map(
      (worker) =>
        new Promise<Told>((resolve) => this.#waiting.get(worker)?.set(ask.round, resolve)),
    );
    for (const worker of this.#workers) worker.send(ask);
    return Promise.all(answers);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exited = once(worker, "exit");
        worker.disconnect();
        await exited;
      }),
    );
    await this.sessions.close();
  }
}

/** Resolves to what two processes made of one code. */
async function round(crew: Crew, number: number): Promise<readonly Told[]> {
  const { sessions } = crew;
  const giver = new Browser(sessions);
  await giver.visit((session) => session.signIn(`user ${number}`));
  const receiver = new Browser(sessions);
  const { json: challenge } = await receiver.request(async (request) =>
    Response.json(await sessions.expectHandOff(request, { audience: AUDIENCE })),
  );
  const { json: code } = await giver.visit((session) =>
    sessions.handOff(session, { audience: AUDIENCE, challenge: String(challenge) }),
  );
  const cookie = [...receiver.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  return crew.redeemTwice({ round: number, cookie, code: String(code) });
}

describe.each(Object.entries(ROUNDS))("two processes that share %s", (name, rounds) => {
  it(`sign in once by one code, ${rounds} times of ${rounds}`, async () => {
    const subject = name as SubjectName;
    const folder = await mkdtemp(join(tmpdir(), "sojourn-hand-off-"));
    const server = await ("server" in subjects[subject] ? subjects[subject].server?.() : undefined);
    const crew = await Crew.start(subject, { folder, port: server?.port ?? 0 });
    try {
      const results: (readonly Told[])[] = [];
      for (let done = 0; done < rounds; done += AT_ONCE) {
        results.push(...(await times(AT_ONCE, (n) => round(crew, done + n))));
      }
      const odd = results.filter((told, number) => {
        const outcomes = told.map(({ outcome }) => outcome).sort();
        const cookies = told.flatMap(({ cookies }) => cookies);
        const isOnce = outcomes[0] === `as user ${number}` && outcomes[1] === "used";
        return !isOnce || cookies.length !== 1;
      });
      expect(odd).toEqual([]);
      expect(results).toHaveLength(rounds);
    } finally {
      await crew.stop();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
