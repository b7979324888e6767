import { setTimeout as pause } from "node:timers/promises";
import { type SessionToken, sessionId } from "../../src/core/token.ts";
import type { Random } from "../support/random.ts";
import type { Crew } from "./crew.ts";
import { type Answer, type Deed, LEASE_MS, now, type Operation } from "./operation.ts";

const COOKIE = "__Host-Http-session";
const USERS = ["ada", "bob"] as const;

/** Where every operation is written down, and every cookie that was ever given. */
export class Log {
  readonly operations: Operation[] = [];
  /** The cookie of each session, by its public id. */
  readonly tokens = new Map<string, string>();
  /** Whose each of them is, as far as it was seen. */
  readonly #users = new Map<string, string>();
  #numbers = 0;

  write(operation: Operation): void {
    this.operations.push(operation);
    const { deed, given, sent, seen } = operation;
    if (sent !== undefined && seen?.userId !== undefined) this.#users.set(sent, seen.userId);
    if (given === undefined) return;
    const userId = deed.kind === "signIn" ? deed.userId : this.#users.get(sent ?? "");
    if (userId !== undefined) this.#users.set(given, userId);
  }

  /** The ids of the newest sessions of a user, those that may have ended too. */
  newestOf(userId: string, count: number): readonly string[] {
    const theirs = [...this.#users].filter(([, user]) => user === userId).map(([id]) => id);
    return theirs.slice(-count);
  }

  nextNumber(): number {
    this.#numbers += 1;
    return this.#numbers;
  }
}

/** What everybody who acts in a run shares. */
export interface Scene {
  readonly crew: Crew;
  readonly log: Log;
  readonly random: Random;
  /** When to stop, as `now()` tells it. */
  readonly until: number;
  readonly hasDirectory: boolean;
  /** How often everybody wants the same work done. */
  readonly rushChance: number;
}

interface Request {
  readonly process: number;
  readonly token: string | undefined;
  readonly deed: Deed;
  readonly dwellMs: number;
}

/** Does one thing and writes it down. */
export async function perform(
  { crew, log }: Pick<Scene, "crew" | "log">,
  actor: string,
  { process, token, deed, dwellMs }: Request,
): Promise<Operation & Pick<Answer, "setCookie">> {
  const number = log.nextNumber();
  const start = now();
  const cookie = token === undefined ? undefined : `${COOKIE}=${token}`;
  const answer = await crew.ask(process, { cookie, deed, dwellMs });
  const end = now();
  const given = tokenIn(answer?.setCookie ?? []);
  if (given !== undefined) log.tokens.set(idOf(given), given);
  const operation = {
    // A process that died has answered nothing.
    ...(answer ?? { start, opened: end, end, outcome: "unknown" as const, setCookie: [] }),
    ...{ number, actor, process, deed },
    sent: token === undefined ? undefined : idOf(token),
    given: given === undefined ? undefined : idOf(given),
  };
  log.write(operation);
  return operation;
}

/** One browser: a few requests at a time, all with the cookie of the moment. */
export class Visitor {
  readonly #scene: Scene;
  readonly #name: string;
  #token: string | undefined;

  constructor(scene: Scene, name: string) {
    this.#scene = scene;
    this.#name = name;
  }

  async run(): Promise<void> {
    const { random, until, rushChance } = this.#scene;
    while (now() < until) {
      const isLull = random.chance(0.06);
      const isRush = random.chance(rushChance);
      // In a lull the idle clock falls behind, so that the readers after it have to move it.
      await pause(isLull ? random.between(...LULL_MS) : random.between(0, 20));
      const deeds = isRush ? RUSH : DEEDS;
      const requests = Array.from({ length: 1 + random.below(6) }, () => this.#request(deeds));
      // And just then somebody ends the session.
      if (isLull) requests.push(this.#request(ENDINGS), this.#request(READING));
      await Promise.all(requests);
    }
  }

  async #request(deeds: Readonly<Partial<Record<VisitorDeed, number>>>): Promise<void> {
    const { random, crew } = this.#scene;
    const token = this.#token;
    const request = {
      process: random.pick(crew.ready),
      token,
      deed: this.#deed(token === undefined ? FIRST_DEEDS : deeds),
      dwellMs: random.chance(0.5) ? random.between(0, 25) : 0,
    };
    const { setCookie } = await perform(this.#scene, this.#name, request);
    for (const line of setCookie) this.#keep(line);
  }

  /** As a browser does: the answer that arrives last decides. */
  #keep(line: string): void {
    this.#token = tokenIn([line]);
  }

  #deed(deeds: Readonly<Partial<Record<VisitorDeed, number>>>): Deed {
    const { random, log } = this.#scene;
    const kind = random.weighted(deeds);
    const key = random.pick(["a", "b"]);
    switch (kind) {
      case "set": {
        const when = random.chance(0.5) ? "by save" : "with the response";
        return { kind, key, value: `v${log.nextNumber()}`, when };
      }
      case "exclusive": {
        // Now and then longer than the lease.
        const isLong = random.chance(0.08);
        const workMs = isLong ? random.between(LEASE_MS, 2.5 * LEASE_MS) : random.between(0, 40);
        return { kind, key, value: `w${log.nextNumber()}`, workMs, throws: random.chance(0.1) };
      }
      case "delete":
      case "consume":
        return { kind, key };
      case "signIn":
        return { kind, userId: random.pick(USERS) };
      default:
        return { kind };
    }
  }
}

type VisitorDeed = Exclude<Deed["kind"], "revoke" | "revokeAll" | "list">;

const DEEDS: Readonly<Record<VisitorDeed, number>> = {
  read: 28,
  set: 24,
  add: 22,
  exclusive: 4,
  delete: 4,
  consume: 4,
  regenerate: 4,
  signIn: 4,
  signOut: 1,
  destroy: 1,
};

const FIRST_DEEDS: Readonly<Record<VisitorDeed, number>> = {
  ...DEEDS,
  signIn: 20,
  regenerate: 0,
  signOut: 0,
  destroy: 0,
};

/** All of them want to do the same work, and once in a while its session ends meanwhile. */
const RUSH = { exclusive: 20, read: 4, set: 4, regenerate: 1 } as const;
const ENDINGS = { regenerate: 3, signIn: 2, signOut: 1, destroy: 1 } as const;
const READING = { read: 1 } as const;
/** Longer than the tenth of the idle timeout in which activity is not written down. */
const LULL_MS = [950, 1_100] as const;

/** Tries cookies of the past: of sessions that have ended, most of them. */
export async function thieve(scene: Scene): Promise<void> {
  const { random, crew, log, until } = scene;
  while (now() < until) {
    await pause(random.between(0, 25));
    const known = [...log.tokens.values()];
    if (known.length === 0) continue;
    // Mostly the newer ones: what happens to a session happens soon after its end.
    const token = random.chance(0.7) ? random.pick(known.slice(-12)) : random.pick(known);
    const set = { kind: "set", key: "a", when: "by save", value: `t${log.nextNumber()}` } as const;
    const deed = random.weighted({ read: 6, set: 1, add: 1 });
    await perform(scene, "thief", {
      process: random.pick(crew.ready),
      token,
      deed: deed === "set" ? set : { kind: deed },
      dwellMs: random.chance(0.3) ? random.between(0, 25) : 0,
    });
  }
}

/** Ends other people's sessions, and looks who is signed in. */
export async function operate(scene: Scene): Promise<void> {
  const { random, crew, until, hasDirectory } = scene;
  while (now() < until) {
    await pause(random.between(20, 120));
    if (hasDirectory && random.chance(0.2)) await stampede(scene);
    const deed = operatorDeed(scene);
    if (deed === undefined) continue;
    const process = random.pick(crew.ready);
    await perform(scene, "operator", { process, token: undefined, deed, dwellMs: 0 });
  }
}

const HUNTED = 6;

/**
 * Ends all of a user's sessions while somebody who has copied their cookies has each of them given
 * new tokens as fast as it can be had.
 */
async function stampede(scene: Scene): Promise<void> {
  const { random, crew, log } = scene;
  const userId = random.pick(USERS);
  const ids = log.newestOf(userId, HUNTED);
  const except = ids.length > 0 && random.chance(0.4) ? random.pick(ids) : undefined;
  const fleeing = ids.map((id) => flee(scene, log.tokens.get(id), 1 + random.below(4)));
  await pause(random.between(0, 10));
  const deed = { kind: "revokeAll", userId, except } as const;
  const process = random.pick(crew.ready);
  await perform(scene, "operator", { process, token: undefined, deed, dwellMs: 0 });
  await Promise.all(fleeing);
}

async function flee(scene: Scene, first: string | undefined, times: number): Promise<void> {
  const { random, crew } = scene;
  let token = first;
  for (let turn = 0; turn < times && token !== undefined; turn += 1) {
    const request = { process: random.pick(crew.ready), token, dwellMs: 0 };
    const deed = { kind: "regenerate" } as const;
    const { setCookie, outcome } = await perform(scene, "thief", { ...request, deed });
    if (outcome !== "ok") return;
    token = tokenIn(setCookie);
  }
}

function operatorDeed({ random, log, hasDirectory }: Scene): Deed | undefined {
  const kind = random.weighted({ revoke: 3, revokeAll: 1, list: 4 });
  if (kind !== "revoke") return hasDirectory ? { kind, userId: random.pick(USERS) } : undefined;
  const known = [...log.tokens.keys()];
  return known.length === 0 ? undefined : { kind, id: random.pick(known.slice(-16)) };
}

function tokenIn(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const [pair = ""] = line.split(";", 1);
    if (!pair.startsWith(`${COOKIE}=`) || /;\s*Max-Age=0/i.test(line)) continue;
    return pair.slice(COOKIE.length + 1);
  }
  return undefined;
}

function idOf(token: string): string {
  return sessionId(token as SessionToken, "session");
}
