import { expect } from "vitest";
import type { Session, Sessions, Untyped } from "../../../src/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { Random } from "../../support/random.ts";
import type { Jar } from "../support/jar.ts";
import type { PythonSite } from "../support/python-site.ts";
import { type Judgement, judge, type Values } from "./judge.ts";
import { type Change, Changes, type Done, LIST, type Side } from "./operations.ts";

/** Two applications that share one session. */
export interface Pair {
  readonly site: PythonSite;
  /** Managers that stand for as many processes. */
  readonly managers: readonly Sessions<Untyped>[];
  /** The id that Python has given to the user "ada". */
  readonly ada: string;
  /** Whether the whole session travels: then each request must wait for the answer to the last. */
  readonly travels?: boolean;
}

/** How they are used. */
export interface Interleaving {
  readonly seed: number;
  readonly operations: number;
  /** So many requests of either side are under way at a time. */
  readonly atOnce: Readonly<Record<Side, number>>;
}

/** What a pair has come to. */
export interface Outcome extends Judgement {
  readonly done: number;
}

const ROUNDS = 10;

/**
 * Lets both sides change one session at random, in rounds: a user signs in on one side and is signed
 * in on the other; all workers change what they like; both sides show the same; the user signs out on
 * one side, and is signed out on the other.
 */
export async function interleave(pair: Pair, given: Interleaving): Promise<Outcome> {
  const random = new Random(given.seed);
  const outcomes: Outcome[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const visitor = new Visitor(pair);
    const side: Side = round % 2 === 0 ? "python" : "sojourn";
    await visitor.signIn(side);
    const done = await worked(visitor, random, { ...given, operations: given.operations / ROUNDS });
    outcomes.push({ ...judge(done, await visitor.agreed()), done: done.length });
    await visitor.signOut(round % 4 < 2 ? "sojourn" : "python");
  }
  return {
    ours: outcomes.flatMap(({ ours }) => ours),
    pythons: outcomes.flatMap(({ pythons }) => pythons),
    done: outcomes.reduce((sum, { done }) => sum + done, 0),
  };
}

async function worked(
  visitor: Visitor,
  random: Random,
  { operations, atOnce }: Omit<Interleaving, "seed">,
): Promise<readonly Done[]> {
  const changes = new Changes(random);
  const done: Done[] = [];
  let left = operations;
  const work = async (of: () => Side): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const change = changes.next();
      const side = of();
      const from = performance.now();
      await visitor.make(side, change);
      done.push({ side, change, from, to: performance.now() });
      changes.settled(change);
    }
  };
  const sides: readonly Side[] = ["python", "sojourn"];
  const workers = sides.flatMap((side) => Array.from({ length: atOnce[side] }, () => () => side));
  const inTurn = [(): Side => random.pick(sides)];
  await Promise.all((visitor.travels ? inTurn : workers).map(work));
  return done;
}

/** One browser at two applications. */
class Visitor {
  readonly travels: boolean;
  readonly #site: PythonSite;
  readonly #managers: readonly Sessions<Untyped>[];
  readonly #ada: string;
  readonly #jar: Jar = new Map();
  #turn = 0;

  constructor({ site, managers, ada, travels = false }: Pair) {
    this.#site = site;
    this.#managers = managers;
    this.#ada = ada;
    this.travels = travels;
  }

  async signIn(side: Side): Promise<void> {
    if (side === "python") await this.#site.login(this.#jar, "ada");
    else {
      await this.#visit(async (session) => {
        session.set("begun", true);
        await session.signIn(this.#ada);
      });
    }
    expect(await this.#users()).toEqual({ python: "ada", sojourn: this.#ada });
  }

  async signOut(side: Side): Promise<void> {
    const before = new Map(this.#jar);
    if (side === "python") await this.#site.logout(this.#jar);
    else await this.#visit((session) => session.signOut());
    expect(await this.#users()).toEqual({ python: null, sojourn: null });
    // A whole session that somebody has kept is as good as ever.
    if (this.travels) return;
    for (const [name, value] of before) this.#jar.set(name, value);
    expect(await this.#users()).toEqual({ python: null, sojourn: null });
  }

  async make(side: Side, change: Change): Promise<void> {
    if (side === "python") await this.#byPython(change);
    else await this.#visit((session) => bySojourn(session, change));
  }

  /** What both sides show, which must be the same. */
  async agreed(): Promise<Values> {
    const { values } = await this.#site.show(this.#jar);
    const ours = await this.#visit((session) => Object.fromEntries(session.entries()));
    expect(ours).toEqual(values);
    return values;
  }

  async #byPython(change: Change): Promise<void> {
    if (change.kind === "set") await this.#site.change(this.#jar, { [change.key]: change.value });
    else if (change.kind === "delete") await this.#site.change(this.#jar, {}, [change.key]);
    else await this.#site.append(this.#jar, LIST, change.item);
  }

  async #users(): Promise<Readonly<Record<Side, string | null>>> {
    const python = (await this.#site.show(this.#jar)).user;
    const sojourn = await this.#visit((session) => session.userId ?? null);
    return { python, sojourn: sojourn as string | null };
  }

  async #visit(handler: (session: Session<Untyped>) => unknown): Promise<unknown> {
    this.#turn += 1;
    const manager = this.#managers[this.#turn % this.#managers.length] as Sessions<Untyped>;
    const before = new Map(this.#jar);
    const browser = new Browser(manager, before);
    const { status, json, text } = await browser.visit(handler);
    for (const [name, value] of browser.jar) {
      if (before.get(name) !== value) this.#jar.set(name, value);
    }
    for (const name of before.keys()) if (!browser.jar.has(name)) this.#jar.delete(name);
    if (status !== 200) throw new Error(`Sojourn answers ${status}: ${text}`);
    return json;
  }
}

function bySojourn(session: Session<Untyped>, change: Change): unknown {
  if (change.kind === "set") return session.set(change.key, change.value);
  if (change.kind === "delete") return session.delete(change.key);
  return session.update(LIST, (list: readonly number[] = []) => [...list, change.item]);
}
