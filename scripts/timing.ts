/**
 * Does the time that a token takes tell how much of it is right?
 * `node scripts/timing.ts [--samples 200000] [--seed 1]`
 *
 * As dudect does it (Reparaz, Balasch and Verbauwhede, 2017): what is right in its beginning and what is
 * wrong from there on are tried in an order drawn anew, so that whatever else the machine does strikes both
 * alike; the slowest are left out at several percentiles, and Welch's t-test compares the rest. An
 * absolute t above 4.5 would tell them apart. The control, a comparison that stops at the first wrong
 * character, shows what the same test makes of a leak.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { cookieStore } from "../src/cookies/cookie.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../src/index.ts";
import { Browser } from "../test/laws/support/browser.ts";
import { Random } from "../test/support/random.ts";
import { greatestT, type Sample } from "../test/support/welch.ts";

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "200000" },
    seed: { type: "string", default: "1" },
  },
});
const SAMPLES = Number(values.samples);
const random = new Random(Number(values.seed));

const NAME = "__Host-Http-session";
const NOWHERE = "none: a copied cookie works until it expires, signed out or not";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const WARM_UP = 5_000;
/** Texts are drawn before they are tried, so that drawing one is no part of its time. */
const BATCH = 1_000;

/** What makes a text ready to be tried: that is no part of its time either. */
type Prepare = (text: string) => () => unknown;

function letters(length: number): string {
  return Array.from({ length }, () => ALPHABET[random.below(64)]).join("");
}

/**
 * The right text for so many characters, and no further; or the same characters, the other way round behind those
 * that are fixed: what a search makes of a text's characters is no secret. Both are made in one way, and flat: how
 * V8 has put a string together takes more time than what is measured.
 */
function guess(right: string, length: number, fixed: number, isBegun: boolean): string {
  const other = right[length] === "A" ? "Q" : "A";
  const rest = letters(right.length).slice(length + 1, -1);
  const part = [...right.slice(fixed, length)];
  const begun = right.slice(0, fixed) + (isBegun ? part : part.reverse()).join("");
  return Buffer.from(begun + other + rest + right.slice(-1), "latin1").toString("latin1");
}

async function timed(attempt: () => unknown): Promise<number> {
  const startedAt = process.hrtime.bigint();
  await attempt();
  return Number(process.hrtime.bigint() - startedAt);
}

/** Of two kinds of text: what is right up to `length`, and up to `fixed` alone. */
async function sampled(
  prepare: Prepare,
  right: string,
  length: number,
  fixed: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let count = -WARM_UP; count < SAMPLES; count += BATCH) {
    const batch = Array.from({ length: BATCH }, () => {
      const isBegun = random.chance(0.5);
      return { isBegun, attempt: prepare(guess(right, length, fixed, isBegun)) };
    });
    for (const { isBegun, attempt } of batch) {
      const ns = await timed(attempt);
      if (count >= 0) samples.push({ isFirst: isBegun, value: ns });
    }
  }
  return samples;
}

async function signedIn(sessions: Sessions<Untyped>): Promise<string> {
  const browser = new Browser(sessions);
  await browser.visit((session) => session.signIn("ada"));
  return browser.token ?? "";
}

function reading(sessions: Sessions<Untyped>): Prepare {
  return (text) => {
    const headers = new Headers({ cookie: `${NAME}=${text}` });
    return () => sessions.read(headers);
  };
}

async function print(
  what: string,
  prepare: Prepare,
  right: string,
  lengths: readonly number[],
  fixed = 0,
): Promise<void> {
  for (const length of lengths) {
    const samples = await sampled(prepare, right, length, fixed);
    const { t, cropped } = greatestT(samples);
    console.log(`| ${[what, length, samples.length, t.toFixed(2), `${cropped} %`].join(" | ")} |`);
  }
}

console.log("| what | right characters | n | greatest t | cropped at |");
console.log("|---|---|---|---|---|");
const cookie = { prefix: "__Host-Http-" } as const;

const stored = createSessions<Untyped>({ store: memoryStore(), cookie }) as Sessions<Untyped>;
await print("token, memory store", reading(stored), await signedIn(stored), [2, 8, 21, 41]);

const keys = [randomBytes(32).toString("base64url")];
const sealed = createSessions<Untyped>({
  ...{ store: cookieStore({ revocations: NOWHERE }), keys, cookie },
}) as Sessions<Untyped>;
const cookieText = await signedIn(sealed);
// The key's id and the salt are no secret, and who has neither is refused sooner: all have them here.
const beginning = 56;
const { length } = cookieText;
await print(
  "sealed cookie",
  reading(sealed),
  cookieText,
  [64, length >> 1, length - 24, length - 3],
  beginning,
);

const secret = letters(4_095);
const naive: Prepare = (text) => () => {
  for (let at = 0; at < secret.length; at += 1) if (secret[at] !== text[at]) return false;
  return true;
};
await print("control: stops at the first wrong one", naive, secret, [2, 64, 1_024, 4_000]);
