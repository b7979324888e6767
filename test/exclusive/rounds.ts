import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type StorePlace, type SubjectName, subjects } from "../history/subjects.ts";
import { type Backend, backendOf } from "../support/servers/backend.ts";
import { startRedis } from "../support/servers/redis.ts";
import { ask } from "./errand.ts";
import { Fleet, Listener } from "./fleet.ts";
import type { FamilyReport, ProviderSettings } from "./provider.ts";
import type { Plan, RecipeName } from "./recipes/recipe.ts";
import {
  ACCESS_MS,
  AT_HEADER,
  FAULT_HEADER,
  type Fault,
  type Reply,
  type Tokens,
} from "./tokens.ts";

/** One run of the harness. */
export interface RunOptions {
  readonly recipe: RecipeName;
  readonly store: SubjectName;
  readonly processes: number;
  /** Of one visitor, all at once, in each round. */
  readonly requests: number;
  /** What goes wrong in each round; `undefined` where nothing does. */
  readonly rounds: readonly (Fault | undefined)[];
  readonly leaseMs: number;
  /** How long a refresh takes at the provider. */
  readonly delayMs: number;
  /** For how long the provider answers a used token again; 0: it ends everything at once. */
  readonly graceMs: number;
}

/** What one round came to. */
export interface Round {
  readonly fault: Fault | undefined;
  readonly refreshes: number;
  /** Tokens that came to the provider again though their sender did not know. */
  readonly sentTwice: number;
  /** Tokens that their sender knew to be doubtful, and sent. */
  readonly sentKnowingly: number;
  /** Whether the visitor has to sign in again after it. */
  readonly isSignedOut: boolean;
  /** Requests that got no access token that is good, but for those of a killed process. */
  readonly failed: number;
  /** Requests that went down with their process. */
  readonly lost: number;
  /**
   * For each request that needed a new access token: how long it waited for it beyond the moment at
   * which the provider's answer left. In ms.
   */
  readonly waits: readonly number[];
  /** What the requests that failed were told. */
  readonly errors: readonly string[];
}

/** What a run came to. */
export interface Outcome {
  readonly rounds: readonly Round[];
  /** The last words of processes that nobody had killed. */
  readonly casualties: readonly string[];
}

const PROVIDER = fileURLToPath(new URL("./provider.ts", import.meta.url));
/** Waiters wait for a holder that hangs, for the next one, and for their own turn. */
const LEASES_OF_WAITING = 4;
const LEASES_OF_HANGING = 1.5;
/** Not 0: an access token that was granted at the beginning has ended in the first round. */
const BEGINNING = 1_000 * ACCESS_MS;

/** Starts everything, and lets one visitor send all the rounds' requests. */
export async function runRounds(options: RunOptions): Promise<Outcome> {
  const stage = new Stage();
  try {
    const fleet = await stage.build(options);
    const visitor = new Visitor(fleet, stage.provider, options.requests);
    const rounds: Round[] = [];
    for (const fault of options.rounds) {
      await fleet.complete();
      rounds.push(await visitor.round(fault));
    }
    return { rounds, casualties: fleet.casualties };
  } finally {
    await stage.clear();
  }
}

/** The servers and processes of one run. */
class Stage {
  #folder = "";
  #server: Backend | undefined;
  #provider: Listener | undefined;
  #fleet: Fleet | undefined;

  async build(options: RunOptions): Promise<Fleet> {
    const { recipe, store, leaseMs, delayMs, graceMs, processes } = options;
    this.#folder = await mkdtemp(join(tmpdir(), "sojourn-exclusive-"));
    this.#server = await startServerOf(store);
    const place: StorePlace = { folder: this.#folder, port: this.#server?.port ?? 0 };
    const settings = { delayMs, graceMs, hangMs: LEASES_OF_HANGING * leaseMs };
    this.#provider = new Listener(PROVIDER, settings satisfies ProviderSettings);
    await this.#provider.ready;
    const limits = { leaseMs, waitMs: LEASES_OF_WAITING * leaseMs, hasGrace: graceMs > 0 };
    const plan: Plan = { recipe, store, place, provider: this.provider, ...limits };
    this.#fleet = new Fleet(plan);
    await this.#fleet.start(processes);
    return this.#fleet;
  }

  get provider(): string {
    return this.#provider?.origin ?? "";
  }

  async clear(): Promise<void> {
    await this.#fleet?.stop();
    await this.#provider?.kill();
    await this.#server?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** No server is killed here: Redis needs no disk for each write, as it would to outlive that. */
async function startServerOf(store: SubjectName): Promise<Backend | undefined> {
  return store === "redis" ? backendOf(await startRedis()) : subjects[store].server?.();
}

/** An answer to one request; `undefined` where its process died. */
type Answer = { readonly status: number; readonly text: string } | undefined;

/** One browser, which keeps the cookie of the answer that came last. */
class Visitor {
  readonly #fleet: Fleet;
  readonly #provider: string;
  readonly #requests: number;
  #at = BEGINNING;
  #cookie = "";
  /** The tokens that it was last known to have: names its family at the provider. */
  #tokens: Tokens | undefined;

  constructor(fleet: Fleet, provider: string, requests: number) {
    this.#fleet = fleet;
    this.#provider = provider;
    this.#requests = requests;
  }

  /** Everything at once, when the access token has just ended. */
  async round(fault: Fault | undefined): Promise<Round> {
    const { access } = this.#tokens ?? (await this.#signIn());
    const before = await this.#report(access);
    this.#at += ACCESS_MS;
    const numbers = Array.from({ length: this.#requests }, (_, n) => n);
    const answers = await Promise.all(numbers.map((n) => this.#send(n, fault)));
    // What the browser has now: the next round begins with it.
    const last = await this.#lastLook();
    const after = await this.#report(access);
    this.#tokens = after.isLive && last?.refresh === after.current.refresh ? last : undefined;
    const isGood = (answer: Answer): boolean => this.#isGood(answer);
    const failed = answers.filter((answer) => answer !== undefined && !isGood(answer));
    return {
      fault,
      refreshes: after.refreshes - before.refreshes,
      sentTwice: after.sentTwice - before.sentTwice,
      sentKnowingly: after.sentKnowingly - before.sentKnowingly,
      isSignedOut: this.#tokens === undefined,
      failed: failed.length,
      lost: answers.filter((answer) => answer === undefined).length,
      waits: this.#waits(answers.filter(isGood), after.answered[this.#at]),
      errors: failed.map((answer) => `${answer?.status} ${answer?.text}`),
    };
  }

  async #signIn(): Promise<Tokens> {
    const answer = await this.#send(0, undefined, "/sign-in");
    const reply = await this.#lastLook();
    if (reply === undefined) throw new Error(`Nobody can sign in: ${answer?.text}`);
    return reply;
  }

  /** The tokens that the visitor has when everything is over. */
  async #lastLook(): Promise<Tokens | undefined> {
    for (;;) {
      await this.#fleet.complete();
      const answer = await this.#send(0, undefined);
      if (answer !== undefined) return tokensIn(answer);
    }
  }

  async #send(n: number, fault: Fault | undefined, path = "/"): Promise<Answer> {
    const headers = new Headers({ [AT_HEADER]: String(this.#at) });
    if (this.#cookie !== "") headers.set("cookie", this.#cookie);
    if (fault !== undefined) headers.set(FAULT_HEADER, fault);
    const response = await this.#fleet.fetch(n, path, headers);
    const text = await response?.text().catch(() => undefined);
    if (response === undefined || text === undefined) return undefined;
    for (const line of response.headers.getSetCookie()) this.#cookie = line.split(";", 1)[0] ?? "";
    return { status: response.status, text };
  }

  #isGood(answer: Answer): boolean {
    const expiresAt = tokensIn(answer)?.expiresAt;
    return expiresAt !== undefined && expiresAt > this.#at;
  }

  #report(access: string): Promise<FamilyReport> {
    return ask(this.#provider, "/report", { access });
  }

  #waits(answers: readonly Answer[], answeredAt: number | undefined): readonly number[] {
    if (answeredAt === undefined) return [];
    return answers.flatMap((answer) => {
      const { from, to } = replyIn(answer);
      return from === undefined ? [] : [Math.max(0, to - Math.max(from, answeredAt)) / 1_000];
    });
  }
}

function tokensIn(answer: Answer): Tokens | undefined {
  return answer?.status === 200 ? replyIn(answer).tokens : undefined;
}

function replyIn(answer: Answer): Reply {
  return JSON.parse(answer?.text ?? "");
}
