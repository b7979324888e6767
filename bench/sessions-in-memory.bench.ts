/**
 * What does a session cost in the memory store, beside express-session's MemoryStore with the same
 * data? Usage: npm run bench -- sessions-in-memory
 *
 * Each row is measured in a process of its own, after the garbage collector has run: the heap and
 * what V8 keeps outside it. All sessions carry 200 bytes of JSON. express-session keeps the user's
 * id and the time of sign-in in the data, and the cookie's attributes, which it adds itself. What it
 * does not keep at all (the generation, the family and the browser's description) is left out first,
 * and has a row of its own.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import session, { type SessionData } from "express-session";
import { pooledRandom } from "../src/core/environment.ts";
import type { SessionRecord } from "../src/core/record.ts";
import { newCommitId, newToken, sessionId } from "../src/core/token.ts";
import { memoryStore } from "../src/stores/memory/index.ts";

const SESSIONS = 100_000;
const DAY_MS = 86_400_000;

const DATA = { cart: ["tea", "cup", "pot"], theme: "dark", name: "x".repeat(132), visits: 10_000 };
const DEVICE = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const random = pooledRandom();
const now = Date.now();
const call = { now, signal: new AbortController().signal };
const manager = "session";

/** Writes one session; what it returns is kept until the end. */
type Write = (number: number) => unknown;

const ROWS: Readonly<Record<string, () => Write>> = {
  "express-session, anonymous": () => theirs(() => ({})),
  "express-session, signed in": () => theirs(signedIn),
  "sojourn, anonymous": () => ours(() => ({})),
  "sojourn, signed in": () => ours(signedIn),
  "sojourn, signed in, with generation and family": () => ours(noted),
  "sojourn, the same with the browser's description": () =>
    ours((number) => ({ ...noted(number), device: flat(DEVICE) })),
};

function dataOf(number: number): typeof DATA {
  return { ...DATA, visits: DATA.visits + (number % DATA.visits) };
}

function signedIn(number: number): Partial<SessionRecord> {
  return { userId: flat(`user-${number}`), authenticatedAt: now };
}

function noted(number: number): Partial<SessionRecord> {
  const family = random(12).toString("base64url");
  const notes = flat(JSON.stringify({ g: now - 30 * DAY_MS, f: family }));
  return { ...signedIn(number), notes };
}

// As from a request: a text of its own, shared with no other session.
function flat(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function ours(changes: (number: number) => Partial<SessionRecord>): Write {
  const store = memoryStore();
  return (number) => {
    const record: SessionRecord = {
      ...{ kind: "live", id: sessionId(newToken(random), manager), manager },
      ...{ version: newCommitId(random), earlier: "", data: JSON.stringify(dataOf(number)) },
      ...{ flash: "", notes: undefined, userId: undefined, authenticatedAt: undefined },
      ...{ device: undefined, persistent: false },
      ...{ createdAt: now, lastSeenAt: now, expiresAt: now + DAY_MS },
      ...{ idleTimeoutMs: 1_800_000, absoluteTimeoutMs: 43_200_000 },
      ...changes(number),
    };
    return store.create(record, call).then(() => store);
  };
}

function theirs(changes: (number: number) => object): Write {
  const store = new session.MemoryStore();
  const cookie = {
    ...{ originalMaxAge: DAY_MS, expires: new Date(now + DAY_MS).toISOString() },
    ...{ secure: true, httpOnly: true, path: "/", sameSite: "lax" },
  };
  return (number) => {
    const stored = { cookie, ...dataOf(number), ...changes(number) } as unknown as SessionData;
    store.set(random(24).toString("base64url"), stored);
    return store;
  };
}

function bytesInUse(): number {
  for (let each = 0; each < 4; each += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure(write: Write): Promise<void> {
  // The optimiser's own memory is not the sessions'.
  const before = bytesInUse();
  let kept: unknown;
  for (let number = 0; number < SESSIONS; number += 1) kept = await write(number);
  const bytes = (bytesInUse() - before) / SESSIONS;
  process.send?.([bytes, kept !== undefined]);
}

async function inOwnProcess(name: string): Promise<number> {
  const child = fork(import.meta.filename, [name], { execArgv: ["--expose-gc"] });
  const [[bytes]] = (await once(child, "message")) as [[number]];
  return bytes;
}

const write = ROWS[process.argv[2] ?? ""]?.();
if (write !== undefined) {
  await measure(write);
} else {
  const size = Buffer.byteLength(JSON.stringify(dataOf(0)));
  console.log(
    `\nBytes for each of ${SESSIONS} sessions with ${size} bytes of JSON, in this process.\n` +
      `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ` +
      `${new Date(now).toISOString().slice(0, 10)}.\n\n| | bytes |\n|---|---|`,
  );
  for (const name of Object.keys(ROWS)) {
    console.log(`| ${name} | ${(await inOwnProcess(name)).toFixed(0)} |`);
  }
}
