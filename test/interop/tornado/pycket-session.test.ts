import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { type PycketRedisOptions, pycketSessions } from "../../../src/interop/tornado/index.ts";
import { TornadoSigner } from "../../../src/interop/tornado/tornado-signer.ts";
import { Browser } from "../../laws/support/browser.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { vectorsOf } from "../support/vectors.ts";

interface PycketVectors {
  readonly pycket: readonly { readonly steps: readonly Step[] }[];
}
interface Step {
  readonly redis_db0: Readonly<Record<string, { readonly b64: string }>>;
}

const SECRET = "a secret of Tornado's";
const KEY = "00000000-0000-4000-8000-000000000001";
const DAY_MS = 86_400_000;
const NAME = "PYCKET_ID";
const signer = new TornadoSigner(SECRET);

let server: TestServer;
let redis: Redis;
let now: number;
let browser: Browser;
let rejections: string[];
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});
beforeEach(async () => {
  await redis.flushall();
  now = Date.now();
  open();
});

function open(options: Partial<PycketRedisOptions> = {}): void {
  const store = pycketSessions({ redis, cookieSecret: SECRET, ...options });
  const clock = { now: () => now };
  const sessions = createSessions({ store, clock, onError: () => undefined });
  rejections = [];
  sessions.on("rejected", ({ reason }) => rejections.push(reason));
  browser = new Browser(sessions);
}

/** A session that pycket has left under the key. */
async function left(pickle: Uint8Array, cookie = signer.write(NAME, KEY, now)): Promise<void> {
  await redis.set(KEY, Buffer.from(pickle), "EX", 86_400);
  browser.jar.set(NAME, cookie);
}

const ONE = Buffer.from("gASVCgAAAAAAAAB9lIwBYZRLAXMu", "base64");
const values = (session: Session<Untyped>): unknown => Object.fromEntries(session.entries());

describe("a record of pycket's", () => {
  const stored = vectorsOf<PycketVectors>("tornado-pycket").flatMap(({ pycket }) =>
    pycket.flatMap(({ steps }) => steps.flatMap((step) => Object.values(step.redis_db0))),
  );
  const pickles = [...new Set(stored.map(({ b64 }) => b64))];

  it.each(pickles)(
    "comes back byte by byte where what was changed is taken back: %s",
    async (b64) => {
      await left(Buffer.from(b64, "base64"));
      await browser.visit((session) => session.set("extra", 1));
      expect((await redis.getBuffer(KEY))?.toString("base64")).not.toBe(b64);
      await browser.visit((session) => session.delete("extra"));
      expect((await redis.getBuffer(KEY))?.toString("base64")).toBe(b64);
    },
  );

  it.each([
    ["0", "(dp0\nVa\np1\nI1\ns.", "(dp"],
    ["2", "\u0080\u0002}q\u0000X\u0001\u0000\u0000\u0000aq\u0001K\u0001s.", "\u0080\u0002"],
    ["5", "\u0080\u0005\u0095\n\0\0\0\0\0\0\0}\u0094\u008c\u0001a\u0094K\u0001s.", "\u0080\u0005"],
  ])("stays in protocol %s, under a new id too", async (_, pickle, start) => {
    await left(Buffer.from(pickle, "latin1"));
    await browser.visit((session) => session.set("b", 2));
    expect((await redis.getBuffer(KEY))?.toString("latin1").slice(0, start.length)).toBe(start);
    await browser.visit((session) => session.signIn("ada"));
    const [key = ""] = await redis.keys("*");
    expect(key).not.toBe(KEY);
    expect((await redis.getBuffer(key))?.toString("latin1").slice(0, start.length)).toBe(start);
  });

  it("begins in the protocol that was asked for", async () => {
    open({ pickleProtocol: 2 });
    await browser.visit((session) => session.set("a", 1));
    const [key = ""] = await redis.keys("*");
    expect((await redis.getBuffer(key))?.subarray(0, 2)).toEqual(Buffer.of(0x80, 2));
  });

  it("is left as it is where it is no dict, or asks for what is not read", async () => {
    for (const pickle of ["\u0080\u0004]\u0094.", "cos\nsystem\n(S'true'\ntR."]) {
      const bytes = Buffer.from(pickle, "latin1");
      await left(bytes);
      expect((await browser.visit(values)).json).toEqual({});
      expect(await redis.getBuffer(KEY)).toEqual(bytes);
    }
    expect(rejections).toEqual(["corrupt", "corrupt"]);
  });

  it("says by a number who is signed in, and goes on saying it so", async () => {
    open({ userKey: "a" });
    await left(ONE);
    expect((await browser.visit((session) => session.userId)).json).toBe("1");
    await browser.visit((session) => session.set("b", 2));
    expect((await redis.getBuffer(KEY))?.includes(ONE.subarray(13, 19))).toBe(true);
    open({ userKey: "a", userIdAs: "int" });
    await browser.visit((session) => session.signIn("1"));
    const key = (await redis.keys("*")).find((each) => each !== KEY) ?? "";
    expect((await redis.getBuffer(key))?.includes(ONE.subarray(13, 19))).toBe(true);
  });
});

describe("pycket's cookie", () => {
  it("is read in both forms, and only in the newer one on request", async () => {
    await left(ONE, signer.write(NAME, KEY, now, 1));
    expect((await browser.visit(values)).json).toEqual({ a: 1 });
    open({ minVersion: 2 });
    await left(ONE, signer.write(NAME, KEY, now, 1));
    expect((await browser.visit(values)).json).toEqual({});
    expect(rejections).toEqual(["malformed"]);
  });

  it("is too old after maxAgeDays", async () => {
    open({ maxAgeDays: 10 });
    await left(ONE, signer.write(NAME, KEY, now - 10 * DAY_MS + 1_000));
    expect((await browser.visit(values)).json).toEqual({ a: 1 });
    await left(ONE, signer.write(NAME, KEY, now - 10 * DAY_MS - 1_000));
    expect((await browser.visit(values)).json).toEqual({});
    expect(rejections).toEqual(["expired"]);
  });

  it("is read under each secret, and signed under the version that signs", async () => {
    const secrets = new Map([
      [1, "old"],
      [2, "new"],
    ]);
    open({ cookieSecret: { 1: "old", 2: "new" }, keyVersion: 2 });
    await left(ONE, new TornadoSigner({ secrets, keyVersion: 1 }).write(NAME, KEY, now));
    expect((await browser.visit(values)).json).toEqual({ a: 1 });
    await browser.visit((session) => session.regenerate());
    expect(browser.jar.get(NAME)).toMatch(/^2\|1:2\|/);
    browser.jar.set(NAME, signer.write(NAME, KEY, now).replace("|1:0|", "|1:7|"));
    expect((await browser.visit(values)).json).toEqual({});
    expect(rejections).toEqual(["unknownKey"]);
  });

  it.each([
    ["of somebody else", () => new TornadoSigner("x").write(NAME, KEY, now), "altered"],
    ["of another name", () => signer.write("user", KEY, now), "altered"],
    ["that is no id", () => signer.write(NAME, "*", now), "malformed"],
    ["with a line break", () => signer.write(NAME, `${KEY}\r\nflush_all`, now), "malformed"],
    ["that is cut", () => signer.write(NAME, KEY, now).slice(0, -1), "altered"],
    ["that is nonsense", () => `2|${"9".repeat(4_000)}:`, "malformed"],
    ["that is empty", () => "", "malformed"],
  ])("%s opens nothing", async (_, cookie, reason) => {
    await left(ONE, cookie());
    expect((await browser.visit(values)).json).toEqual({});
    expect(rejections).toEqual([reason]);
  });

  it("lives as pycket's cookies are set to, longer than the record", async () => {
    open({ cookieExpiresDays: 120 });
    const { cookies } = await browser.visit((session) => session.set("a", 1));
    expect(cookies).toEqual([expect.stringMatching(/Max-Age=10368000/)]);
    const [key = ""] = await redis.keys("*");
    expect(await redis.ttl(key)).toBeLessThanOrEqual(86_400);
  });

  it("names what is not there, and no new session takes its id", async () => {
    browser.jar.set(NAME, signer.write(NAME, KEY, now));
    await browser.visit((session) => session.set("a", 1));
    expect(await redis.keys("*")).not.toContain(KEY);
    expect(rejections).toEqual(["unknown"]);
  });
});

it("costs a round trip to read, and one more where something changed", async () => {
  await left(ONE);
  await browser.visit((session) => session.set("a", 2));
  const calls = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1]);
  const before = await calls();
  await browser.visit(values);
  const read = await calls();
  await browser.visit((session) => session.set("a", 3));
  expect([read - before, (await calls()) - read]).toEqual([1, 2]);
});
