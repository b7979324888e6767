import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { NONE, newKey } from "./support/cookie-world.ts";

const MUTATIONS = 1_000_000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=% ";

/** One change of a text at a random place. */
const CHANGES: readonly ((text: string, at: number) => string)[] = [
  (text, at) => text.slice(0, at) + letter() + text.slice(at + 1),
  (text, at) => text.slice(0, at) + letter() + text.slice(at),
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(0, at) + text.slice(at + 1 + randomInt(8)),
  (text) => text + text.slice(0, randomInt(9)),
  (text) => {
    const bytes = Buffer.from(text, "base64url");
    const at = randomInt(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(8));
    return bytes.toString("base64url");
  },
];

const letter = (): string => LETTERS[randomInt(LETTERS.length)] ?? "";
const changed = (text: string): string =>
  CHANGES[randomInt(CHANGES.length)]?.(text, randomInt(text.length)) ?? "";

/** The cookies of a session of about so many bytes. */
async function cookiesOf(sessions: Sessions<Untyped>, bytes: number) {
  const browser = new Browser(sessions);
  await browser.visit(async (session) => {
    session.set("text", "x".repeat(bytes));
    await session.signIn("ada");
  });
  return [...browser.jar];
}

it("accepts none of a million mutated cookies, and throws at none [ASVS 9.1.1, ASVS 11.2.5, WSTG-SESS-10]", async () => {
  const sessions = createSessions<Untyped>({
    store: cookieStore({ revocations: NONE, chunks: 3, maxBytes: 12_288 }),
    keys: [newKey(), newKey()],
  }) as Sessions<Untyped>;
  const [small, medium, large] = [
    await cookiesOf(sessions, 10),
    await cookiesOf(sessions, 500),
    await cookiesOf(sessions, 6_000),
  ];
  const accepted: string[] = [];
  for (let n = 0; n < MUTATIONS; n += 1) {
    const jar = n % 50 === 0 ? large : n % 2 === 0 ? small : medium;
    const at = randomInt(jar.length);
    const mutated = jar.map(([name, value], place): [string, string] => [
      name,
      place === at ? changed(value) : value,
    ]);
    // A blank at its end is no part of a cookie.
    if (mutated[at]?.[1].trim() === jar[at]?.[1]) continue;
    const cookie = mutated.map(([name, value]) => `${name}=${value}`).join("; ");
    const view = await sessions.read(new Headers({ cookie }));
    if (view !== undefined) accepted.push(cookie);
  }
  expect(accepted).toEqual([]);
}, 300_000);
