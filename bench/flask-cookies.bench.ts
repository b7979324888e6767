/**
 * What does opening a session of Flask's cost, beside bare HMAC and JSON?
 * Usage: npm run bench -- flask-cookies
 *
 * Bare is the least that anybody can do with `node:crypto` who believes nothing unsigned: one HMAC with
 * a key object made once, a comparison in constant time, base64, zlib where the cookie is packed, and
 * `JSON.parse`. It tells no expiry, no fallback key, no int from a float, and none of Flask's tags.
 *
 * "Read" is the whole read of the format, down to what an application sees. "Open" is a whole request
 * that opens its session and answers; it is shown, and judged by no limit.
 *
 * What counts is the processor's time. The contenders take turns in one process, and the medians of
 * their rounds are compared.
 */
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { cpus } from "node:os";
import { inflateSync } from "node:zlib";
import { createSessions } from "../src/index.ts";
import { FlaskCookies } from "../src/interop/flask/flask-cookies.ts";
import { flaskFormat } from "../src/interop/flask/flask-format.ts";
import { flaskSessions } from "../src/interop/flask/index.ts";
import { readPyJson } from "../src/interop/python/json/read-py-json.ts";
import { PyDict } from "../src/interop/python/values.ts";

/** The most that a read may take, as a multiple of what the bare one takes. */
const LIMIT = 1.5;
const ROUNDS = 31;
const CALLS = 2_000;
const SECRET = "a secret of the benchmark's";
const LIFETIME_MS = 31 * 86_400_000;

interface Payload {
  readonly name: string;
  readonly value: object;
}

const PAYLOADS: readonly Payload[] = [
  { name: "70 B", value: sessionOf(70) },
  { name: "200 B", value: sessionOf(200) },
  { name: "1 KB", value: sessionOf(1_024) },
  { name: "3 KB", value: sessionOf(3_072) },
];

/** A session of about that many bytes of JSON: a user, and a cart that fills it. */
function sessionOf(bytes: number): object {
  const value = { _permanent: true, _user_id: "182736", cart: [] as object[], theme: "dark" };
  for (let place = 0; JSON.stringify(value).length + 60 < bytes; place += 1) {
    value.cart.push({ cents: 1_299, quantity: 1, sku: `sku-${1_000 + place}` });
  }
  return value;
}

const cookies = new FlaskCookies({ secretKey: SECRET });
const format = flaskFormat(cookies, LIFETIME_MS);
const key = createSecretKey(createHmac("sha1", SECRET).update("cookie-session").digest());

function cookieOf(value: object): string {
  const json = readPyJson(JSON.stringify(value));
  const written = cookies.write(json.ok && json.value instanceof PyDict ? json.value : NONE, NOW);
  if (!written.ok) throw new Error("the payload was refused");
  return written.cookie;
}

const NONE = new PyDict([]);
const NOW = Date.now();

function bareRead(cookie: string): unknown {
  const dot = cookie.lastIndexOf(".");
  const signed = cookie.slice(0, dot);
  const expected = createHmac("sha1", key).update(signed).digest();
  if (!timingSafeEqual(expected, Buffer.from(cookie.slice(dot + 1), "base64url"))) return undefined;
  const payload = signed.slice(0, signed.lastIndexOf("."));
  const isPacked = payload.startsWith(".");
  const bytes = Buffer.from(isPacked ? payload.slice(1) : payload, "base64url");
  return JSON.parse((isPacked ? inflateSync(bytes) : bytes).toString("utf8"));
}

function read(cookie: string): unknown {
  const document = format.read(Buffer.from(cookie, "latin1"), NOW);
  if ("rejection" in document) throw new Error(`a cookie was refused: ${document.rejection}`);
  return document.view;
}

const sessions = createSessions({ store: flaskSessions({ secretKey: SECRET }) });

async function open(cookie: string): Promise<unknown> {
  const request = new Request("https://localhost/", { headers: { cookie: `session=${cookie}` } });
  const response = await sessions.handle(request, async () => {
    const session = await sessions.open(request);
    return new Response(session.userId);
  });
  return response.status;
}

/** Microseconds of processor time for each call. */
function timed(call: () => unknown): number {
  const start = process.cpuUsage();
  for (let place = 0; place < CALLS; place += 1) call();
  return spent(start);
}

async function timedOpens(cookie: string): Promise<number> {
  const start = process.cpuUsage();
  for (let place = 0; place < CALLS; place += 1) await open(cookie);
  return spent(start);
}

function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / CALLS;
}

function median(rounds: readonly number[]): number {
  return rounds.toSorted((one, other) => one - other)[rounds.length >> 1] ?? Number.NaN;
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}`);
console.log("Microseconds of processor time, medians; in brackets the multiple of bare.\n");
let isWithin = true;
for (const { name, value } of PAYLOADS) {
  const cookie = cookieOf(value);
  const bares: number[] = [];
  const reads: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    bares.push(timed(() => bareRead(cookie)));
    reads.push(timed(() => read(cookie)));
  }
  const [bare, whole] = [median(bares), median(reads)];
  // The first calls run before the compiler has seen them.
  for (let round = 0; round < 3; round += 1) await timedOpens(cookie);
  const opens = [await timedOpens(cookie), await timedOpens(cookie), await timedOpens(cookie)];
  if (whole / bare > LIMIT) isWithin = false;
  const packed = cookie.startsWith(".") ? "packed" : "as it is";
  console.log(
    `${name.padEnd(5)} (${packed}) bare ${bare.toFixed(1)}; read ${whole.toFixed(1)} ` +
      `(${(whole / bare).toFixed(2)}); open ${median(opens).toFixed(1)}`,
  );
}
console.log(`\nAt most ${LIMIT} times bare: ${isWithin ? "yes" : "NO"}`);
process.exitCode = isWithin ? 0 : 1;
