import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type SubjectName, subjects } from "../../history/subjects.ts";
import { times } from "../../laws/support/world.ts";
import type { Act, Known, Told } from "./support/federated-worker.ts";
import { CLIENT, ISSUER, Provider } from "./support/provider.ts";

const WORKER = fileURLToPath(new URL("./support/federated-worker.ts", import.meta.url));
/** How often at least the provider signs a user out while they come in and are given new tokens. */
const ROUNDS: Partial<Record<SubjectName, number>> = { redis: 40, postgres: 40, sqlite: 10 };
/** How many times as often, until they did meet: a busy machine may leave that to chance. */
const PATIENCE = 20;

/** A process that does many things at once. */
class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (told: Told) => void>();
  #count = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (told: Told) => {
      this.#waiting.get(told.number)?.(told);
      this.#waiting.delete(told.number);
    });
  }

  do(act: Act): Promise<Told> {
    this.#count += 1;
    const number = this.#count;
    const told = new Promise<Told>((resolve) => this.#waiting.set(number, resolve));
    this.#child.send({ number, act });
    return told;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}

async function withWorkers(
  subject: SubjectName,
  provider: Provider,
  work: (one: Worker, other: Worker) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-oidc-"));
  const server = await ("server" in subjects[subject] ? subjects[subject].server?.() : undefined);
  const place = JSON.stringify({ folder, port: server?.port ?? 0 });
  const known: Known = { issuer: ISSUER, clientId: CLIENT, jwks: provider.jwks };
  const [one, other] = (await times(2, async () => {
    const execArgv = ["--disable-warning=ExperimentalWarning"];
    const child = fork(WORKER, [subject, place, JSON.stringify(known)], { execArgv });
    await once(child, "message");
    return new Worker(child);
  })) as [Worker, Worker];
  try {
    await work(one, other);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A person at the provider, who is signed out while they come in and are given new tokens. */
class Person {
  readonly #provider: Provider;
  readonly #number: number;
  readonly #now = Date.now();

  constructor(provider: Provider, number: number) {
    this.#provider = provider;
    this.#number = number;
  }

  /** In turn all sessions of the user end, or those of one session at the provider. */
  get isEndedAltogether(): boolean {
    return this.#number % 2 === 0;
  }

  come(worker: Worker, sid = `s-${this.#number}`): Promise<Told> {
    const claims = this.#provider.claims(this.#now, { sub: `sub-${this.#number}`, sid });
    return worker.do({ does: "come", claims, userId: `user ${this.#number}` });
  }

  logoutToken(): Promise<string> {
    const sub = `sub-${this.#number}`;
    const sid = `s-${this.#number}`;
    return this.#provider.logout(this.#now, this.isEndedAltogether ? { sub } : { sid });
  }
}

/** Who is still signed in that must not be, how many were refused, and whether another session is right. */
async function round(one: Worker, other: Worker, person: Person) {
  const [before, elsewhere] = await Promise.all([
    person.come(one),
    person.come(other, "elsewhere"),
  ]);
  const token = await person.logoutToken();
  const during = await Promise.all([
    person.come(one),
    person.come(other),
    one.do({ does: "regenerate", token: before.token ?? "" }),
    other.do({ does: "logout", token }),
    one.do({ does: "logout", token }),
    person.come(other),
  ]);
  const held = [before, ...during].flatMap(({ token }) => token ?? []);
  const looks = await Promise.all(held.map((token) => one.do({ does: "look", token })));
  const left = await other.do({ does: "look", token: elsewhere.token ?? "" });
  return {
    survivors: looks.filter(({ isSignedIn }) => isSignedIn).length,
    refused: during.filter(({ status }) => status === 409).length,
    isOtherRight: left.isSignedIn !== person.isEndedAltogether,
  };
}

describe.each(Object.entries(ROUNDS))("two processes that share %s", (name, rounds) => {
  it("let nobody in whom the provider signs out at that moment, nor go on [ASVS 7.6.1]", async () => {
    const provider = await Provider.open();
    await withWorkers(name as SubjectName, provider, async (one, other) => {
      let refused = 0;
      const most = PATIENCE * rounds;
      for (let number = 0; number < rounds || (refused === 0 && number < most); number += 1) {
        const seen = await round(one, other, new Person(provider, number));
        expect(seen).toMatchObject({ survivors: 0, isOtherRight: true });
        refused += seen.refused;
      }
      // They did meet.
      expect(refused).toBeGreaterThan(0);
    });
  }, 300_000);
});
