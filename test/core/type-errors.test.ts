import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";

const FOLDER = import.meta.dirname;

const PRELUDE = `
import { z } from "zod";
import { createSessions, memoryStore, type Session } from "../../src/index.ts";
import type { RichValues } from "../../src/values/index.ts";
declare const values: RichValues;
interface Visit { at: Date; seen: Map<string, Date>; theme: "light" | "dark" }
interface Shop { cart: string[]; theme: "light" | "dark" }
const store = memoryStore();
declare const shop: Session<Shop>;
declare const rich: Session<Visit, "rich">;
`;

/** What a newcomer may write, and what the compiler's answer must say. */
const SLIPS: Readonly<Record<string, readonly [code: string, words: string]>> = {
  "a duration": [
    `createSessions<Shop>({ store, idleTimeout: "30 minutes" })`,
    `Type '"30 minutes"' is not assignable to type 'Duration | undefined'`,
  ],
  "a cookie's attribute": [
    `createSessions<Shop>({ store, cookie: { sameSite: "Lax" }, defaults: { cart: [], theme: "light" } })`,
    `Did you mean '"lax"'?`,
  ],
  "an option's name": [
    `createSessions({ store, cookies: {}, defaults: { visits: 0 } })`,
    `Did you mean to write 'cookie'?`,
  ],
  "an option of another library": [
    `createSessions({ store, secret: "x" })`,
    `'secret' does not exist in type`,
  ],
  "a default that is missing": [
    `createSessions<Shop>({ store, defaults: { cart: [] } })`,
    `Property 'theme' is missing`,
  ],
  "a Date in the type": [
    `createSessions<{ at: Date }>({ store })`,
    `a Date would become a string: store getTime() or toISOString()`,
  ],
  "a Date in the defaults": [
    `createSessions({ store, defaults: { at: new Date() } })`,
    `a Date would become a string: store getTime() or toISOString()`,
  ],
  "a schema that makes a Date": [
    `createSessions({ store, schema: z.object({ at: z.coerce.date().optional() }) })`,
    `the schema returns what JSON would change or lose`,
  ],
  "a schema that transforms": [
    `createSessions({ store, schema: z.object({ n: z.string().transform(Number).optional() }) })`,
    `the schema must accept what it returns`,
  ],
  "a store that is none": [
    `createSessions<Shop>({ store: {}, defaults: { cart: [], theme: "light" } })`,
    `is not assignable to type 'SessionStore | CookieStore | SharedStore | undefined'`,
  ],
  "a result of exclusive work": [
    `shop.exclusive("refresh", async () => new Date())`,
    `a Date would become a string: store getTime() or toISOString()`,
  ],
  "a sign-out in exclusive work": [
    `shop.exclusive("refresh", (held) => held.signOut())`,
    `Property 'signOut' does not exist on type 'ExclusiveSession<Shop>'`,
  ],
  "a duration, beside values beyond JSON": [
    `createSessions<Visit>({ store, values, idleTimeout: "30 minutes" })`,
    `Type '"30 minutes"' is not assignable to type 'Duration | undefined'`,
  ],
  "a duration, beside values beyond JSON that nobody has named": [
    `createSessions({ store, values, idleTimeout: "30 minutes", defaults: { at: new Date() } })`,
    `Type '"30 minutes"' is not assignable to type 'Duration | undefined'`,
  ],
  "a default beyond JSON that is missing": [
    `createSessions<Visit>({ store, values, defaults: { at: new Date(0), theme: "light" } })`,
    `Property 'seen' is missing`,
  ],
  "a function among values beyond JSON": [
    `createSessions<{ at: Map<string, () => Date> }>({ store, values })`,
    `it has no JSON form: store plain data`,
  ],
  "a Buffer among values beyond JSON": [
    `createSessions<{ at: Buffer }>({ store, values })`,
    `store new Uint8Array(buffer)`,
  ],
  "a schema that turns a text into a Date": [
    `createSessions({ store, values, schema: z.object({ at: z.string().transform((text) => new Date(text)).optional() }) })`,
    `the schema must accept what it returns`,
  ],
  "something else for the values": [
    `createSessions<Visit>({ store, values: true })`,
    `Type 'boolean' is not assignable to type 'RichValues`,
  ],
  "a message that values beyond JSON do not hold": [
    `rich.flash("note", { at: () => 1 })`,
    `it has no JSON form`,
  ],
  "a message": [
    `shop.flash("note", { at: new Date() })`,
    `a Date would become a string: store getTime() or toISOString()`,
  ],
};

/** What no configuration of the compiler may find fault with. */
const RIGHT = `
import { cookieStore } from "../../src/cookies/cookie.ts";
import { sessionMiddleware } from "../../src/frameworks/express.ts";
import { connectStore, keyvStore, unstorageStore } from "../../src/stores/bridges/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { memcachedStore } from "../../src/stores/memcached/index.ts";
import { mysqlStore } from "../../src/stores/mysql/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { issue } from "../../src/testing/issue.ts";
declare const isLive: boolean;
export const a = createSessions<Shop>({
  name: undefined,
  store: isLive ? store : undefined,
  idleTimeout: undefined,
  persistent: isLive ? "31d" : undefined,
  anonymous: { idleTimeout: undefined, absoluteTimeout: undefined },
  cookie: { sameSite: undefined, domain: isLive ? "example.com" : undefined },
  trustProxy: isLive ? ["loopback"] : undefined,
  defaults: isLive ? { cart: [], theme: "light" } : undefined,
  schema: undefined,
  migrate: undefined,
  clock: undefined,
});
declare const client: never;
export const stores = [
  memoryStore({ maxSessions: undefined, maxBytes: undefined }),
  sqliteStore("x.db", { table: undefined, synchronous: undefined, sweepInterval: undefined }),
  fileStore("x", { durability: undefined, sweepInterval: undefined }),
  redisStore(client, { prefix: undefined, waitForEnds: undefined }),
  postgresStore(client, { table: undefined, schema: undefined, synchronousEnds: undefined, sweepInterval: undefined }),
  mysqlStore(client, { table: undefined, schema: undefined, sweepInterval: undefined }),
  memcachedStore(client, { prefix: undefined, maxItemBytes: undefined }),
  layered(store, store, { maxStaleness: "5s", nearTimeout: undefined }),
  encrypted(store, [], { acceptPlain: undefined }),
  connectStore(client, { profile: undefined, notice: undefined }),
  unstorageStore(client, { prefix: undefined, sweepInterval: undefined }),
  keyvStore(client, { prefix: undefined }),
  cookieStore({ revocations: store, maxStaleness: undefined, chunks: undefined }),
];
export const middleware = sessionMiddleware(a, { open: undefined });
export const opened = a.open({}, { fresh: undefined });
export const revoked = a.revoke("id", { userId: shop.userId });
export const others = a.revokeAll({ userId: "u1", except: undefined });
export const issued = issue(a, { userId: undefined, persistent: undefined, data: { cart: undefined } });
export const signedIn = shop.signIn("u1", { keep: undefined, persistent: undefined });
export const signedOut = shop.signOut({ keep: undefined });
export const b = createSessions({ store, schema: z.object({ n: z.coerce.number().default(0) }) });
export const richer = [
  createSessions<Visit>({ store, values }),
  createSessions<Visit>({ store, values, defaults: { at: new Date(), seen: new Map(), theme: "dark" } }),
  createSessions({ store, values, schema: z.object({ at: z.date().optional() }) }),
  createSessions({ store, values: isLive ? values : undefined, defaults: { visits: 0 } }),
  createSessions({ store, values }),
  createSessions<{ ids: Set<string>; at: Map<string, Date> }>({ store, values, defaults: { ids: new Set(), at: new Map() } }),
  createSessions<Shop>({ store, values, defaults: { cart: [], theme: "light" } }),
  createSessions<Shop>({ store, values: undefined, defaults: { cart: [], theme: "light" } }),
];
rich.flash("note", new Map([[1n, new Set([new URL("x:")])]]));
export const plainer: Session<Visit> = rich;
export const c = shop.update("cart", (cart) => [...cart, "tea"]);
`;

/** The messages of each piece of code, in the order of the pieces, or all of them. */
function diagnose(codes: readonly string[], options: ts.CompilerOptions): string[][] {
  const texts = new Map(codes.map((code, at) => [join(FOLDER, `slip-${at}.ts`), PRELUDE + code]));
  const settings: ts.CompilerOptions = {
    ...options,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2024.d.ts"],
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  };
  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => {
    const text = texts.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
  };
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  const program = ts.createProgram([...texts.keys()], settings, host);
  return [...texts.keys()].map((name) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  );
}

describe.each<[string, ts.CompilerOptions]>([
  [
    "strict, with every further check",
    {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
    },
  ],
  ["strict", { strict: true }],
])("the compiler, %s,", (_name, options) => {
  let found: string[][];

  beforeAll(() => {
    found = diagnose([RIGHT, ...Object.values(SLIPS).map(([code]) => code)], options);
  });

  it("takes undefined for every option, and what is right", () => {
    expect(found[0]).toEqual([]);
  });

  it.each(Object.keys(SLIPS).map((name, at) => [name, at] as const))(
    "answers a slip by one error that names it: %s",
    (name, at) => {
      const [message, ...more] = found[at + 1] ?? [];
      expect(more).toEqual([]);
      expect(message).toContain(SLIPS[name]?.[1]);
      // Each overload's own complaint would be one too many.
      expect(message).not.toMatch(/Overload \d of/);
    },
  );
});
