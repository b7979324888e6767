/**
 * What do a million sessions cost in Redis, beside connect-redis with the same data, and how long
 * does it take to find one user's? Usage: npm run bench -- sessions-in-redis
 *
 * Each store has a Redis of its own, without persistence. Half of the sessions are anonymous, half
 * are signed in, each as a user of its own; the users' index is part of what is measured. All carry
 * the same 200 bytes of JSON; connect-redis keeps the user's id and the time of sign-in in the data,
 * as an application with express-session does, and the cookie's attributes, which it adds itself.
 * What connect-redis does not keep at all (earlier commits, the generation and the family, the
 * browser's description) is left out first, and measured in rows of its own.
 */
import { cpus } from "node:os";
import { RedisStore } from "connect-redis";
import type { SessionData } from "express-session";
import { createClient, type RedisClientType } from "redis";
import { pooledRandom } from "../src/core/environment.ts";
import type { SessionRecord } from "../src/core/record.ts";
import { newCommitId, newToken, sessionId } from "../src/core/token.ts";
import { redisStore } from "../src/stores/redis/index.ts";
import { ask, startRedis } from "../test/support/servers/redis.ts";
import type { TestServer } from "../test/support/servers/test-server.ts";

const HALF = 500_000;
const IN_FLIGHT = 1_000;
const LISTS = 2_000;
const DAY_MS = 86_400_000;

const DATA = { cart: ["tea", "cup", "pot"], theme: "dark", name: "x".repeat(120), visits: 1 };
const DEVICE = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const random = pooledRandom();
const now = Date.now();
const call = { now, signal: new AbortController().signal };
const manager = "session";

type Write = (number: number) => Promise<unknown>;

async function many(count: number, write: Write): Promise<void> {
  for (let done = 0; done < count; done += IN_FLIGHT) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, (_, place) => write(done + place)));
  }
}

async function bytesOf({ port }: TestServer): Promise<number> {
  const memory = await ask(port, "info", "memory");
  return Number(/used_memory:(\d+)/.exec(memory)?.[1]);
}

/** Bytes for each session that the writes add. */
async function cost(server: TestServer, write: Write): Promise<number> {
  const before = await bytesOf(server);
  await many(HALF, write);
  return ((await bytesOf(server)) - before) / HALF;
}

async function onServer<T>(
  work: (server: TestServer, client: RedisClientType) => Promise<T>,
): Promise<T> {
  const server = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP: 2 });
  await client.connect();
  try {
    return await work(server, client as unknown as RedisClientType);
  } finally {
    client.destroy();
    await server.stop();
  }
}

function recordOf(changes: Partial<SessionRecord>): SessionRecord {
  return {
    ...{ kind: "live", id: sessionId(newToken(random), manager), manager },
    ...{ version: newCommitId(random), earlier: "", data: JSON.stringify(DATA), flash: "" },
    notes: undefined,
    ...{ userId: undefined, authenticatedAt: undefined, device: undefined, persistent: false },
    ...{ createdAt: now, lastSeenAt: now, expiresAt: now + DAY_MS },
    ...{ idleTimeoutMs: 1_800_000, absoluteTimeoutMs: 43_200_000 },
    ...changes,
  };
}

const signedIn = (number: number): Partial<SessionRecord> => ({
  userId: `user-${number}`,
  authenticatedAt: now,
});

function ours(): Promise<readonly string[]> {
  return onServer(async (server, client) => {
    const store = redisStore(client);
    const anonymous = await cost(server, () => store.create(recordOf({}), call));
    const known = await cost(server, (number) => store.create(recordOf(signedIn(number)), call));
    for (let each = 0; each < 20; each += 1) {
      await store.create(recordOf({ ...signedIn(1), lastSeenAt: now - each }), call);
    }
    const listed = await latency((turn) => `user-${(turn * 7_919) % HALF}`);
    const crowd = await latency(() => "user-1");
    const started = performance.now();
    const count = await store.directory.count(manager, call);
    const counted = performance.now() - started;
    const page = { manager, after: undefined, limit: 100 };
    await store.directory.scan(page, call);
    const scanned = performance.now() - started - counted;

    async function latency(userOf: (turn: number) => string): Promise<string> {
      const times: number[] = [];
      for (let turn = 0; turn < LISTS; turn += 1) {
        const start = performance.now();
        await store.directory.list({ manager, userId: userOf(turn) }, call);
        times.push(performance.now() - start);
      }
      times.sort((one, other) => one - other);
      const at = (part: number): string => (times[Math.floor(part * LISTS)] ?? 0).toFixed(2);
      return `median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms`;
    }

    return [
      row("sojourn", anonymous, known),
      `\nAmong them, a user's one session is listed in: ${listed}; 21 sessions in: ${crowd}.`,
      `count() of ${count}: ${(counted / 1_000).toFixed(1)} s; ` +
        `the first page of a scan: ${(scanned / 1_000).toFixed(1)} s.`,
    ];
  });
}

function oursWith(
  name: string,
  all: Partial<SessionRecord>,
  known: () => Partial<SessionRecord>,
): Promise<string> {
  return onServer(async (server, client) => {
    const store = redisStore(client);
    const anonymous = await cost(server, () => store.create(recordOf(all), call));
    const signed = (number: number): Partial<SessionRecord> => ({ ...all, ...signedIn(number) });
    const write: Write = (number) =>
      store.create(recordOf({ ...signed(number), ...known() }), call);
    return row(`sojourn, with ${name}`, anonymous, await cost(server, write));
  });
}

function noted(): Partial<SessionRecord> {
  const family = random(12).toString("base64url");
  return { notes: JSON.stringify({ g: now - 30 * DAY_MS, f: family }) };
}

function theirs(): Promise<string> {
  return onServer(async (server, client) => {
    const store = new RedisStore({ client });
    const cookie = {
      ...{ originalMaxAge: DAY_MS, expires: new Date(now + DAY_MS).toISOString() },
      ...{ secure: true, httpOnly: true, path: "/", sameSite: "lax" },
    };
    const set = (data: object): Promise<void> => {
      const sid = random(24).toString("base64url");
      return store.set(sid, {
        cookie,
        ...DATA,
        ...data,
      } as unknown as SessionData) as Promise<void>;
    };
    const anonymous = await cost(server, () => set({}));
    const known = await cost(server, (number) => set(signedIn(number)));
    return row("connect-redis", anonymous, known);
  });
}

function row(name: string, anonymous: number, known: number): string {
  const cells = [anonymous, known, (anonymous + known) / 2].map((bytes) => bytes.toFixed(0));
  return `| ${name} | ${cells.join(" | ")} |`;
}

const peer = await theirs();
const [own, ...facts] = await ours();
const changed = await oursWith("one earlier commit", { earlier: "aaaaaaaa" }, () => ({}));
const known = await oursWith("generation and family", {}, noted);
const full = await oursWith(
  "three earlier commits and the browser's description",
  { earlier: "aaaaaaaa bbbbbbbb cccccccc" },
  () => ({ device: DEVICE }),
);
console.log(
  `\nBytes of Redis's memory for each of ${2 * HALF} sessions, keys, expiry and index included.\n` +
    `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ` +
    `${new Date(now).toISOString().slice(0, 10)}.\n`,
);
console.log("| | anonymous | signed in | half and half |\n|---|---|---|---|");
console.log([peer, own, changed, known, full, ...facts].join("\n"));
