import { readFileSync } from "node:fs";
import type { Adoptable } from "../../../src/cookies/mount.ts";
import { createSessions, memoryStore, type Session, type Untyped } from "../../../src/index.ts";
import * as adopt from "../../../src/interop/adopt/index.ts";
import type { AdoptionMap } from "../../../src/interop/adoption/old-session.ts";
import { Browser } from "../../laws/support/browser.ts";
import { sodium } from "./sodium.ts";

/** A session as the real library left it. */
export interface JavascriptVector {
  readonly library: keyof typeof ADOPTIONS;
  readonly version: string;
  readonly id: string;
  readonly cookies: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** What lay in the library's store, by its keys. */
  readonly stored?: Readonly<Record<string, string>>;
}

interface JavascriptVectors {
  readonly at: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly secret: string;
  readonly vectors: readonly JavascriptVector[];
}

export const JAVASCRIPT: JavascriptVectors = JSON.parse(
  readFileSync(new URL("../vectors/javascript.json", import.meta.url), "utf8"),
);

/** What lies in the old store, and what was asked of it. */
export interface OldStore {
  readonly rows: Map<string, string>;
  readonly calls: string[];
  /** What every call fails with. */
  failure?: Error;
}

export function oldStoreOf({ stored = {} }: Pick<JavascriptVector, "stored">): OldStore {
  return { rows: new Map(Object.entries(stored)), calls: [] };
}

type Options = Readonly<Record<string, unknown>> & { readonly map: AdoptionMap<Untyped> };
type Make = (
  options: Options,
  store: OldStore,
  vector: Pick<JavascriptVector, "stored">,
) => Adoptable;

/** Takes over what each library has left; options are the vector's. */
const ADOPTIONS = {
  "express-session": (options, store) =>
    adopt.expressSessionCookie({ ...options, store: connectStore(store) } as never),
  "@fastify/session": (options, store) =>
    adopt.fastifySessionCookie({ ...options, store: connectStore(store) } as never),
  "@fastify/secure-session": (options) =>
    adopt.secureSessionCookie({ ...options, sodium } as never),
  "iron-session": (options) => adopt.ironSessionCookie(options as never),
  h3: (options) => adopt.h3SessionCookie(options as never),
  "nuxt-auth-utils": (options) => adopt.nuxtSessionCookie(options as never),
  "hono-sessions": (options, store, { stored }) =>
    adopt.honoSessionsCookie({
      adoptionSecret: "a secret for adopted tokens",
      ...options,
      store: stored && {
        getSessionById: (id: string) => JSON.parse(asked(store, "find", id) ?? "null"),
        deleteSession: (id: string) => ended(store, id),
      },
    } as never),
  "Auth.js": (options) => adopt.authJsCookie(options as never),
  "better-auth": (options, store) =>
    adopt.betterAuthCookie({
      ...options,
      find: async (token: string) => asked(store, "find", token) ?? null,
      end: async (token: string) => ended(store, token),
    } as never),
  "cookie-session": (options) => adopt.cookieSessionCookie(options as never),
  "koa-session": (options, store, { stored }) =>
    adopt.koaSessionCookie({
      ...options,
      store: stored && {
        get: async (key: string) => JSON.parse(asked(store, "find", key) ?? "null"),
        destroy: async (key: string) => ended(store, key),
      },
    } as never),
} satisfies Record<string, Make>;

/** The adoption of a vector's session, by options that may be others. */
export function adoptionOf(
  vector: Omit<JavascriptVector, "version" | "id" | "cookies">,
  store: OldStore,
  map: AdoptionMap<Untyped>,
  options: object = {},
): Adoptable {
  const make: Make = ADOPTIONS[vector.library];
  return make({ ...vector.options, ...options, map }, store, vector);
}

function asked({ rows, calls, failure }: OldStore, call: string, key: string): string | undefined {
  calls.push(call);
  if (failure !== undefined) throw failure;
  return rows.get(key);
}

function ended(store: OldStore, key: string): void {
  asked(store, "end", key);
  store.rows.delete(key);
}

function connectStore(store: OldStore): adopt.ConnectStore {
  const answer = <T>(done: (error: unknown, value?: T) => void, work: () => T): void => {
    setImmediate(() => {
      try {
        const value = work();
        done(null, value);
      } catch (error) {
        done(error);
      }
    });
  };
  return {
    get: (id, done) => answer(done, () => JSON.parse(asked(store, "find", id) ?? "null")),
    destroy: (id, done) => answer(done, () => ended(store, id)),
  };
}

/** A site that has taken the place of one with an old library. */
export interface NewSite {
  readonly told: string[];
  readonly errors: Error[];
  now: number;
  browser(cookies: Iterable<[string, string]>): Browser;
  revokeAll(userId: string): Promise<number>;
}

export function newSite(adoptable: Adoptable, now: number, options: object = {}): NewSite {
  const site = { told: [] as string[], errors: [] as Error[], now };
  const sessions = createSessions<Untyped>({
    name: "sid",
    store: memoryStore(),
    adopt: [adoptable],
    clock: { now: () => site.now },
    onError: (error: Error) => site.errors.push(error),
    ...options,
  });
  sessions.on("created", ({ userId }) => site.told.push(`created ${userId ?? "nobody"}`));
  sessions.on("rejected", ({ reason }) => site.told.push(`rejected ${reason}`));
  return Object.assign(site, {
    browser: (cookies: Iterable<[string, string]>) => new Browser(sessions, cookies),
    revokeAll: (userId: string) => sessions.revokeAll({ userId }),
  });
}

export const shown = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});
