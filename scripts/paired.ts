/**
 * What has a request come to cost since another state of this library?
 * `node scripts/paired.ts /path/of/another/checkout [processes]`
 *
 * Both run in one process, in turns: a round makes the same requests with each, in an order drawn anew,
 * and takes the processor's time and the bytes that were allocated (nothing is collected while it runs).
 * What the optimiser makes of a process is a matter of chance, too, and differs even between two copies of
 * the same state. So there are several processes, in which now one and now the other is loaded first, and
 * the interval (95 %) is that of their means.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { request } from "../bench/support/memory-request.ts";
import { cookiesWith, DATA, OTHER_COOKIES, type Shop } from "../bench/support/shop.ts";
import type { Session } from "../src/index.ts";

type Library = Pick<typeof import("../src/index.ts"), "createSessions" | "memoryStore"> &
  Pick<typeof import("../src/frameworks/node.ts"), "sessionMiddleware">;

/** What each kind of request does with its session; `undefined` where it does not open it. */
const DEEDS = {
  untouched: undefined,
  read: (session: Session<Shop>) => session.get("theme"),
  update: (session: Session<Shop>) => session.update("visits", (n) => n + 1),
  write: (session: Session<Shop>) => session.set("name", String(Math.random())),
  flash: (session: Session<Shop>) => {
    session.flash("notice", String(session.take("notice") ?? "first"));
  },
  "sign-in": (session: Session<Shop>) => session.signIn("ada"),
};
type Case = keyof typeof DEEDS;
const CASES = Object.keys(DEEDS) as readonly Case[];

type Spent = readonly [microseconds: number, bytes: number, calls: number];
/** Here, and what that is more than there. */
type Finding = readonly [Case, here: Spent, more: Spent];

const ROUNDS = 12;
const WARM_UP_ROUNDS = 10;
const REQUESTS = 200;
/** Enough for all that one round allocates. */
const YOUNG_MB = 64;
/** Student's t for 95 %, by how many processes there are, from two on. */
const T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2];

/** One state of the library, with an application and a visitor. */
class Contender {
  readonly #listener: RequestListener;
  #cookie = OTHER_COOKIES;
  #calls = 0;

  constructor({ createSessions, memoryStore, sessionMiddleware }: Library) {
    const store = this.#counted(memoryStore());
    const sessions = createSessions<Shop>({ store, defaults: DATA });
    const withSessions = sessionMiddleware(sessions);
    const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      const deed = DEEDS[(req.url ?? "").slice(1) as Case];
      if (deed !== undefined) await deed(await sessions.open(req));
      res.end("ok");
    };
    this.#listener = (req, res) => withSessions(req, res, () => respond(req, res));
  }

  static async load(checkout: string): Promise<Contender> {
    const at = (file: string): string => pathToFileURL(join(resolve(checkout), file)).href;
    const library = await import(at("src/index.ts"));
    return new Contender({ ...library, ...(await import(at("src/frameworks/node.ts"))) });
  }

  async spend(wanted: Case): Promise<Spent> {
    globalThis.gc?.();
    this.#calls = 0;
    const { heapUsed } = process.memoryUsage();
    const before = process.cpuUsage();
    for (let each = 0; each < REQUESTS; each += 1) {
      const { status, cookies } = await request(this.#listener, `/${wanted}`, this.#cookie);
      assert.equal(status, 200);
      if (cookies.length > 0) this.#cookie = cookiesWith(cookies);
    }
    const { user, system } = process.cpuUsage(before);
    const bytes = process.memoryUsage().heapUsed - heapUsed;
    return [(user + system) / REQUESTS, bytes / REQUESTS, this.#calls / REQUESTS];
  }

  #counted<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name === "directory") return this.#counted(Object(value));
        if (typeof value !== "function") return value;
        return (...parameters: unknown[]): unknown => {
          this.#calls += 1;
          return Reflect.apply(value, target, parameters);
        };
      },
    });
  }
}

/** In a process of its own. */
async function measure(checkout: string, isHereFirst: boolean): Promise<readonly Finding[]> {
  const [first, second] = isHereFirst ? [".", checkout] : [checkout, "."];
  const loaded = [await Contender.load(first), await Contender.load(second)] as const;
  const [here, there] = isHereFirst ? loaded : ([loaded[1], loaded[0]] as const);
  const rounds: (readonly [Case, Spent, Spent])[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const wanted of CASES) {
      const spent = await inTurns(here, there, wanted);
      if (round >= 0) rounds.push([wanted, ...spent]);
    }
  }
  return CASES.map((wanted) => found(rounds, wanted));
}

async function inTurns(here: Contender, there: Contender, wanted: Case): Promise<[Spent, Spent]> {
  if (Math.random() < 0.5) return [await here.spend(wanted), await there.spend(wanted)];
  const theirs = await there.spend(wanted);
  return [await here.spend(wanted), theirs];
}

function found(rounds: readonly (readonly [Case, Spent, Spent])[], wanted: Case): Finding {
  const pairs = rounds.filter(([name]) => name === wanted);
  const more = pairs.map(([, ours, theirs]) => minus(ours, theirs));
  return [wanted, medians(pairs.map(([, ours]) => ours)), medians(more)];
}

function minus([us, bytes, calls]: Spent, other: Spent): Spent {
  return [us - other[0], bytes - other[1], calls - other[2]];
}

function medians(all: readonly Spent[]): Spent {
  return [median(all, 0), median(all, 1), median(all, 2)];
}

function median(all: readonly Spent[], place: 0 | 1 | 2): number {
  const sorted = all.map((spent) => spent[place]).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0) / values.length;
}

function withInterval(values: readonly number[], digits: number): string {
  const middle = mean(values);
  const variance = values.reduce((so, each) => so + (each - middle) ** 2, 0) / (values.length - 1);
  const half = (T[values.length - 2] ?? 2) * Math.sqrt(variance / values.length);
  return `${middle.toFixed(digits)} ± ${half.toFixed(digits)}`;
}

async function inProcess(checkout: string, number: number): Promise<readonly Finding[]> {
  const size = [`--min-semi-space-size=${YOUNG_MB}`, `--max-semi-space-size=${YOUNG_MB}`];
  const child = fork(import.meta.filename, [checkout, "measure", String(number)], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning", ...size],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const [findings] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (!Array.isArray(findings)) throw new Error("A process ended too soon.");
  return findings;
}

const [checkout, processes = "8", number = "0"] = process.argv.slice(2);
if (checkout === undefined) {
  console.error("Usage: node scripts/paired.ts /path/of/another/checkout [processes]");
  process.exit(2);
}
if (processes === "measure") {
  process.send?.(await measure(checkout, Number(number) % 2 === 0), () => process.exit());
} else {
  const all: Finding[] = [];
  for (let each = 0; each < Number(processes); each += 1) {
    all.push(...(await inProcess(checkout, each)));
  }
  console.log("| | µs | more than there | bytes | more than there | store calls | more |");
  console.log("|---|---|---|---|---|---|---|");
  for (const wanted of CASES) {
    const ofCase = all.filter(([name]) => name === wanted);
    const cells = ([0, 1, 2] as const).flatMap((place) => {
      const digits = [1, 0, 2][place] ?? 0;
      const more = ofCase.map(([, , spent]) => spent[place]);
      return [
        mean(ofCase.map(([, here]) => here[place])).toFixed(digits),
        withInterval(more, digits),
      ];
    });
    console.log(`| ${[wanted, ...cells].join(" | ")} |`);
  }
}
