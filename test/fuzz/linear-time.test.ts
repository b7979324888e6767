import { describe, expect, it } from "vitest";
import { cookieStore, seal, sign, unseal, unsign } from "../../src/cookies/cookie.ts";
import { cookieValues } from "../../src/cookies/cookie-header.ts";
import { createSessions, type Untyped } from "../../src/index.ts";
import { type AuditRecord, verifyAudit } from "../../src/security/audit/index.ts";
import { parseHead } from "../../src/stores/file/heads.ts";
import * as files from "../../src/stores/file/records.ts";
import * as memcached from "../../src/stores/memcached/values.ts";
import * as redis from "../../src/stores/redis/records.ts";
import { freshKey } from "../sealing/support/keys.ts";

const KIB = 1_024;
const SMALL = 16 * KIB;
/** As much as servers take for all of a request's headers, and four times as much as that. */
const LARGE = 64 * KIB;
/** Four times the input; sixteen would be quadratic. A busy machine is never that wrong each time. */
const MAX_RATIO = 8;
const FAST_MS = 0.2;
const ROUNDS = 15;

const NAME = "__Host-Http-session";
const ID = `s_${"A".repeat(43)}` as never;
const KEY = freshKey();
const OPTIONS = { keys: [KEY], purpose: "length" };

const filled = (part: string, length: number): string =>
  part.repeat(Math.ceil(length / part.length)).slice(0, length);

const sessions = createSessions<Untyped>({
  store: cookieStore({
    revocations: "none: a copied cookie works until it expires, signed out or not",
  }),
  keys: [KEY],
});
const read = (cookie: string): Promise<unknown> => sessions.read(new Headers({ cookie }));

type Worst = readonly [string, (length: number) => string, (text: string) => unknown];

const WORST: readonly Worst[] = [
  ...[" ", ";", "=", "\t;", NAME, `${NAME} `, `${NAME}=;`, `x${NAME}=;`, ` ${NAME}=`].map(
    (part): Worst => [
      `a Cookie header of "${part}"`,
      (length) => filled(part, length),
      (text) => cookieValues(text, NAME),
    ],
  ),
  ...[`${NAME}=a; `, `${NAME}=Ag; `, "a=b; ", `${NAME}-seen=x; `].map(
    (part): Worst => [`a request with "${part}"`, (length) => filled(part, length), read],
  ),
  ["a sealed text", (length) => seal("x".repeat(length), OPTIONS), (text) => unseal(text, OPTIONS)],
  ["no sealed text", (length) => filled("Ag", length), (text) => unseal(text, OPTIONS)],
  ["a signed text", (length) => sign("x".repeat(length), OPTIONS), (text) => unsign(text, OPTIONS)],
  ["no signed text", (length) => filled("Ag.", length), (text) => unsign(text, OPTIONS)],
  ["a row of lines in Redis", (length) => `M${"0".repeat(18)}${filled("\n", length)}`, inRedis],
  [
    "a row of marks in Redis",
    (length) => `Mzzzzzzzzz${"0".repeat(9)}x\n1${filled("A1", length)}\n\n\n{}`,
    inRedis,
  ],
  [
    "a row of escapes in Redis",
    (length) => `Mzzzzzzzzz${"0".repeat(9)}x\n1\n\n${filled("\\n", length)}\n{}`,
    inRedis,
  ],
  [
    "an item of brackets in Memcached",
    (length) => filled("[", length),
    quiet((text) => memcached.storedOf(ID, text)),
  ],
  [
    "a file of braces",
    (length) => filled('{"a":', length),
    quiet((text) => files.storedOf(ID, {} as never, text)),
  ],
  ["a head of commas", (length) => filled(",", length), parseHead],
  ["an audit trail of depth", deep, (text) => verifyAudit([JSON.parse(text) as AuditRecord], KEY)],
];

function inRedis(text: string): void {
  quiet((each) => redis.storedOf(ID, each, 1))(text);
}

/** What throws an error of its own has refused. */
function quiet(work: (text: string) => unknown): (text: string) => void {
  return (text) => {
    try {
      work(text);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
    }
  };
}

function deep(length: number): string {
  const depth = length >> 1;
  return `{"chain":{"id":"a","place":1,"mark":"b"},"details":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

/** The least of several, as others make a machine busy. */
async function leastMs(work: (text: string) => unknown, text: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    await work(text);
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

describe("64 KiB take four times as long as 16, whatever is in them", () => {
  it.each(WORST)("%s", async (_, make, work) => {
    const [small, large] = [make(SMALL), make(LARGE)];
    await leastMs(work, small);
    const smallMs = await leastMs(work, small);
    const largeMs = await leastMs(work, large);
    // What takes no time at all has no ratio.
    expect(largeMs / Math.max(smallMs, FAST_MS)).toBeLessThan(MAX_RATIO);
  });
});
