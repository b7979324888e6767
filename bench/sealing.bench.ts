/**
 * What does sealing a value cost, beside bare AES-256-GCM and JSON? Usage: npm run bench -- sealing
 *
 * Bare is the least that anybody can do with `node:crypto`: a key object made once, a random nonce
 * from a pool, no associated data, no padding, no key id, no commitment, one key for ever. Both get
 * the same value, and both return the same value.
 *
 * "Found" opens a text whose derived key is in the cache, as all that a running process has sealed
 * or opened lately; "first" opens texts that another process has sealed, each under a salt that has
 * not been seen.
 *
 * What counts is the processor's time. The contenders take turns in one process, and the medians of
 * their rounds are compared.
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes,
} from "node:crypto";
import { cpus } from "node:os";
import { pooledRandom } from "../src/core/environment.ts";
import { bindTo } from "../src/sealing/binding.ts";
import { KeyRing } from "../src/sealing/key-ring.ts";
import { Sealer } from "../src/sealing/sealer.ts";

/** The most that sealing, and opening, may take, as a multiple of what bare AES-256-GCM takes. */
const LIMIT = 2;
const ROUNDS = 31;
const CALLS = 2_000;
const FIRST_CALLS = 500;

interface Payload {
  readonly name: string;
  readonly value: object;
}

const PAYLOADS: readonly Payload[] = [
  { name: "200 B", value: sessionOf(200) },
  { name: "1 KB", value: sessionOf(1_024) },
  { name: "3 KB", value: sessionOf(3_072) },
];

/** A session of the given size as JSON: a user, and a cart that fills it. */
function sessionOf(bytes: number): object {
  const value = {
    userId: "u_182736",
    theme: "dark",
    locale: "en-GB",
    cart: [] as object[],
    note: "",
  };
  const item = (place: number): object => ({
    sku: `sku-${1_000 + place}`,
    quantity: 1,
    cents: 1_299,
  });
  while (JSON.stringify({ ...value, cart: [...value.cart, item(0)] }).length <= bytes) {
    value.cart.push(item(value.cart.length));
  }
  value.note = "x".repeat(bytes - JSON.stringify(value).length);
  return value;
}

const secret = randomBytes(32);
const random = pooledRandom();
const bareKey = createSecretKey(secret);

function bareSeal(value: object): string {
  const nonce = Buffer.from(random(12));
  const cipher: CipherGCM = createCipheriv("aes-256-gcm", bareKey, nonce);
  const sealed = cipher.update(JSON.stringify(value), "utf8");
  cipher.final();
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url");
}

function bareOpen(text: string): unknown {
  const message = Buffer.from(text, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", bareKey, message.subarray(0, 12));
  decipher.setAuthTag(message.subarray(-16));
  const opened = decipher.update(message.subarray(12, -16));
  decipher.final();
  return JSON.parse(opened.toString("utf8"));
}

const ring = new KeyRing("keys", secret);
const sealer = new Sealer(ring, random);
const binding = bindTo("bench", "__Host-session");

function seal(value: object): string {
  return sealer.seal(JSON.stringify(value), binding);
}

function open(text: string): unknown {
  const opening = sealer.open(text, binding);
  if (opening.kind !== "opened") throw new Error(`a seal was refused: ${opening.kind}`);
  return JSON.parse(opening.text);
}

/** Texts under as many salts, as from a process each. */
function foreign(value: object, count: number): string[] {
  const text = JSON.stringify(value);
  const others = new KeyRing("keys", secret);
  return Array.from({ length: count }, () => new Sealer(others, random).seal(text, binding));
}

/** Microseconds of processor time for each call. */
function timed(calls: number, call: (place: number) => unknown): number {
  const start = process.cpuUsage();
  for (let place = 0; place < calls; place += 1) call(place);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / calls;
}

function median(rounds: readonly number[]): number {
  return rounds.toSorted((one, other) => one - other)[rounds.length >> 1] ?? Number.NaN;
}

function measure({ value }: Payload): Readonly<Record<string, number>> {
  const bareText = bareSeal(value);
  const text = seal(value);
  const contenders: Readonly<Record<string, () => number>> = {
    "bare seal": () => timed(CALLS, () => bareSeal(value)),
    seal: () => timed(CALLS, () => seal(value)),
    "bare open": () => timed(CALLS, () => bareOpen(bareText)),
    "open, found": () => timed(CALLS, () => open(text)),
    "open, first": () => {
      const texts = foreign(value, FIRST_CALLS);
      return timed(FIRST_CALLS, (place) => open(texts[place] ?? ""));
    },
  };
  const rounds = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      rounds.set(name, [...(rounds.get(name) ?? []), run()]);
    }
  }
  return Object.fromEntries([...rounds].map(([name, times]) => [name, median(times)]));
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}`);
console.log("Microseconds of processor time, medians; in brackets the multiple of bare.\n");
let isWithin = true;
for (const payload of PAYLOADS) {
  const cost = measure(payload);
  const line = (name: string, bare: string): string => {
    const [time = Number.NaN, base = Number.NaN] = [cost[name], cost[bare]];
    if (name !== "open, first" && time / base > LIMIT) isWithin = false;
    return `${name} ${time.toFixed(1)} (${(time / base).toFixed(2)})`;
  };
  const texts = [
    `bare seal ${cost["bare seal"]?.toFixed(1)}`,
    line("seal", "bare seal"),
    `bare open ${cost["bare open"]?.toFixed(1)}`,
    line("open, found", "bare open"),
    line("open, first", "bare open"),
  ];
  console.log(`${payload.name.padEnd(6)} ${texts.join("; ")}`);
}
console.log(`\nAt most ${LIMIT} times bare: ${isWithin ? "yes" : "NO"}`);
process.exitCode = isWithin ? 0 : 1;
