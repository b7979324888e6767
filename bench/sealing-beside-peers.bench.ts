/**
 * What do sealing and opening a session cost, beside other libraries that keep sessions in cookies?
 * Usage: npm run bench -- sealing-beside-peers
 *
 * Each is called as its own framework would call it, without the framework. @hono/session is
 * measured by jose's JWE (dir, A256GCM), which is what it seals with. react-router signs and does
 * not encrypt; above some 3 KB it refuses. All that react-router, iron-session, h3 and jose do runs
 * through WebCrypto or key derivation by password, which is why they are slower by so much;
 * @fastify/secure-session calls libsodium, which is native code.
 *
 * What counts is the processor's time: the contenders take turns in one process, and the medians of
 * their rounds are compared.
 */
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import secureSession from "@fastify/secure-session";
import fastify from "fastify";
import { getSession, H3Event, sealSession, unsealSession } from "h3";
import { sealData, unsealData } from "iron-session";
import { EncryptJWT, jwtDecrypt } from "jose";
import { createCookieSessionStorage } from "react-router";
import { pooledRandom } from "../src/core/environment.ts";
import { bindTo } from "../src/sealing/binding.ts";
import { KeyRing } from "../src/sealing/key-ring.ts";
import { Sealer } from "../src/sealing/sealer.ts";

type Payload = Record<string, unknown>;

interface Contender {
  readonly name: string;
  readonly encrypts: boolean;
  readonly largestBytes?: number;
  /** How often in a round: the dear ones less. */
  readonly calls: number;
  seal(value: Payload): string | Promise<string>;
  open(text: string): unknown;
}

const SIZES = [
  { name: "200 B", bytes: 200 },
  { name: "1 KB", bytes: 1_024 },
  { name: "3 KB", bytes: 3_072 },
] as const;
const ROUNDS = 15;

const password = randomBytes(32).toString("base64url");

function sojourn(): Contender {
  const sealer = new Sealer(new KeyRing("keys", randomBytes(32)), pooledRandom());
  const binding = bindTo("session", "bench");
  return {
    name: "sojourn",
    encrypts: true,
    calls: 2_000,
    seal: (value) => sealer.seal(JSON.stringify(value), binding),
    open(text) {
      const opened = sealer.open(text, binding);
      if (opened.kind !== "opened") throw new Error(opened.kind);
      return JSON.parse(opened.text);
    },
  };
}

async function secure(): Promise<Contender> {
  const app = fastify();
  await app.register(secureSession, { key: randomBytes(32) });
  await app.ready();
  return {
    name: "@fastify/secure-session",
    encrypts: true,
    calls: 2_000,
    seal(value) {
      const session = app.createSecureSession({});
      session.set("data" as never, value as never);
      return app.encodeSecureSession(session);
    },
    open: (text) => app.decodeSecureSession(text)?.get("data" as never),
  };
}

const iron: Contender = {
  name: "iron-session",
  encrypts: true,
  calls: 40,
  seal: (value) => sealData(value, { password }),
  open: (text) => unsealData(text, { password }),
};

const joseKey = randomBytes(32);
const hono: Contender = {
  name: "jose, as @hono/session",
  encrypts: true,
  calls: 100,
  seal: (value) =>
    new EncryptJWT(value).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(joseKey),
  open: async (text) => (await jwtDecrypt(text, joseKey)).payload,
};

const storage = createCookieSessionStorage({ cookie: { name: "s", secrets: [password] } });
const reactRouter: Contender = {
  name: "react-router (signs only)",
  encrypts: false,
  largestBytes: 2_000,
  calls: 100,
  async seal(value) {
    const session = await storage.getSession();
    session.set("data", value);
    const [cookie = ""] = (await storage.commitSession(session)).split(";");
    return cookie;
  },
  open: async (text) => (await storage.getSession(text)).get("data"),
};

const H3_CONFIG = { password, name: "h3" };
const h3: Contender = {
  name: "h3 useSession",
  encrypts: true,
  calls: 4,
  async seal(value) {
    const event = new H3Event(new Request("http://localhost/"));
    const session = await getSession(event, H3_CONFIG);
    Object.assign(session.data, { data: value });
    return sealSession(event, H3_CONFIG);
  },
  open: async (text) => {
    const event = new H3Event(new Request("http://localhost/"));
    const { data } = await unsealSession(event, H3_CONFIG, text);
    return (data as { readonly data?: unknown } | undefined)?.data;
  },
};

/** A session of the given size as JSON: a user, and a cart that fills it. */
function sessionOf(bytes: number): Payload {
  const value = { userId: "u_182736", theme: "dark", locale: "en-GB", cart: [] as object[] };
  const item = (place: number): object => ({ sku: `sku-${1_000 + place}`, quantity: 1 });
  while (JSON.stringify({ ...value, cart: [...value.cart, item(0)] }).length < bytes - 12) {
    value.cart.push(item(value.cart.length));
  }
  return { ...value, note: "x".repeat(Math.max(0, bytes - JSON.stringify(value).length - 10)) };
}

/** What one call costs, in µs of the processor's time. */
async function costOf(calls: number, call: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < calls; count += 1) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function median(costs: number[]): number {
  return costs.sort((one, other) => one - other)[costs.length >> 1] ?? Number.NaN;
}

const contenders = [sojourn(), await secure(), iron, hono, reactRouter, h3];
const rows = new Map(contenders.map(({ name }) => [name, [name]]));
let isBehind = false;
for (const { bytes } of SIZES) {
  const value = sessionOf(bytes);
  const able = contenders.filter(({ largestBytes = bytes }) => bytes <= largestBytes);
  const sealed = new Map<string, string>();
  for (const { name, seal, open } of able) {
    const text = await seal(value);
    sealed.set(name, text);
    const opened = JSON.stringify(await open(text));
    if (!opened.includes("sku-1000")) throw new Error(`${name} does not give back what it sealed`);
  }
  const costs = new Map(able.map(({ name }) => [name, { seal: [0], open: [0] }]));
  for (const cost of costs.values()) cost.seal.length = cost.open.length = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, calls, seal, open } of able) {
      const text = sealed.get(name) ?? "";
      costs.get(name)?.seal.push(await costOf(calls, () => seal(value)));
      costs.get(name)?.open.push(await costOf(calls, () => open(text)));
    }
  }
  const medians = new Map(
    [...costs].map(([name, { seal, open }]) => [name, [median(seal), median(open)] as const]),
  );
  const ours = medians.get("sojourn") ?? [0, 0];
  for (const { name, encrypts } of contenders) {
    const theirs = medians.get(name);
    const cells = theirs?.map((cost) => cost.toFixed(1)) ?? ["–", "–"];
    rows.get(name)?.push(...cells);
    if (encrypts && theirs?.some((cost, place) => cost < (ours[place] ?? 0))) isBehind = true;
  }
}

console.log(
  `\nµs of processor time to seal and to open one session, JSON included; medians of ${ROUNDS} ` +
    `rounds.\nNode ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}, ` +
    `${new Date().toISOString().slice(0, 10)}.\n`,
);
console.log(`| | ${SIZES.map(({ name }) => `seal ${name} | open ${name}`).join(" | ")} |`);
console.log(`|---|${"---|".repeat(2 * SIZES.length)}`);
for (const row of rows.values()) console.log(`| ${row.join(" | ")} |`);
if (isBehind) console.log("\nAn encrypting peer is ahead somewhere.");
process.exit();
