import { describe, expect, it } from "vitest";
import type { Untyped } from "../../../src/index.ts";
import type { AdoptionMap, OldSession } from "../../../src/interop/adoption/old-session.ts";
import {
  adoptionOf,
  JAVASCRIPT,
  type JavascriptVector,
  newSite,
  oldStoreOf,
  shown,
} from "../support/javascript-vectors.ts";

const { at: AT, values: VALUES, vectors } = JAVASCRIPT;
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const TITLED = vectors.map((vector) => ({
  ...vector,
  title: `${vector.library} ${vector.version}, ${vector.id}`,
  vector,
}));

/** Whom the library itself says to be signed in, where it does. */
const USERS: Partial<Record<JavascriptVector["library"], string | RegExp>> = {
  "express-session": "7",
  "@fastify/session": "ada",
  "@fastify/secure-session": "ada",
  "nuxt-auth-utils": "7",
  "Auth.js": "ada",
  "better-auth": /^\w{32}$/,
  "cookie-session": "ada",
  "koa-session": "ada",
};

/** How long each lives after it was written; those that are not here never end. */
const LIFETIMES: Readonly<Record<string, number>> = {
  "express-session max-age": HOUR,
  "@fastify/session max-age": HOUR,
  "@fastify/secure-session key": DAY + SECOND,
  "@fastify/secure-session secret": DAY + SECOND,
  "iron-session usual": 14 * DAY + 60 * SECOND,
  "iron-session numbered": 14 * DAY + 60 * SECOND,
  "iron-session chunked": 14 * DAY + 60 * SECOND,
  "h3 max-age": HOUR,
  "h3 idle": HOUR,
  "hono-sessions stored": 900 * SECOND,
  "hono-sessions plain-id": 900 * SECOND,
  "hono-sessions whole": 900 * SECOND,
  "Auth.js usual": HOUR + 15 * SECOND,
  "Auth.js rotated": HOUR + 15 * SECOND,
  "Auth.js chunked": HOUR + 15 * SECOND,
  "Auth.js next-auth": HOUR + 15 * SECOND,
  "better-auth database": 7 * DAY,
  "better-auth secondary": 7 * DAY,
  "koa-session whole": HOUR,
  "koa-session stored": HOUR,
};

interface Adopting {
  readonly old: OldSession[];
  readonly map: AdoptionMap<Untyped>;
}

function adopting(): Adopting {
  const old: OldSession[] = [];
  const map: AdoptionMap<Untyped> = (session) => {
    old.push(session);
    const { userId = "somebody", values } = session;
    return { data: { n: values["n"] ?? null }, userId, persistent: false };
  };
  return { old, map };
}

const OPTIONS = { idleTimeout: "400d", absoluteTimeout: "400d" };

describe.each(TITLED)("a session of $title", ({ vector, library, id, cookies }) => {
  it("is read as the library wrote it", async () => {
    const { old, map } = adopting();
    const store = oldStoreOf(vector);
    const site = newSite(adoptionOf(vector, store, map), AT);
    const browser = site.browser(Object.entries(cookies));
    const { json, cookies: lines } = await browser.visit(shown);
    const [session] = old;
    const user = USERS[library];
    if (user instanceof RegExp) expect(session?.userId).toMatch(user);
    else expect(session?.userId).toBe(user);
    if (HAS_VALUES(vector)) expect(session?.values).toMatchObject(VALUES);
    expect(json).toMatchObject({ user: session?.userId ?? "somebody" });
    expect([...browser.jar.keys()]).toEqual(["__Host-Http-sid"]);
    for (const name of Object.keys(cookies)) {
      const line = `${name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; `;
      expect(lines).toContainEqual(expect.stringContaining(line));
    }
    expect(store.rows.size).toBe(0);
    expect([site.errors, site.told.length]).toEqual([[], 1]);
  });

  it("ends when the library ends it, and not before", async () => {
    const lifetime = LIFETIMES[`${library} ${id}`];
    const last = lifetime === undefined ? 1_000 * DAY : lifetime - 1;
    const jar = Object.entries(cookies);
    const live = newSite(
      adoptionOf(vector, oldStoreOf(vector), adopting().map),
      AT + last,
      OPTIONS,
    );
    await live.browser(jar).visit(shown);
    expect(live.told).toEqual([expect.stringMatching(/^created/)]);
    if (lifetime === undefined || TRUSTS_STORE.has(library)) return;
    const over = newSite(adoptionOf(vector, oldStoreOf(vector), adopting().map), AT + last + 1);
    await over.browser(jar).visit(shown);
    expect(over.told).toEqual(["rejected expired"]);
  });

  it("was written when the library says so, or nobody knows", async () => {
    const { old, map } = adopting();
    const site = newSite(adoptionOf(vector, oldStoreOf(vector), map), AT + 1);
    await site.browser(Object.entries(cookies)).visit(shown);
    const told = library === "@fastify/secure-session" ? AT - ROUNDING : AT;
    expect(old[0]?.writtenAt).toBe(TIMELESS.has(`${library} ${id}`) ? undefined : told);
  });

  it("does not come back after its user has signed out", async () => {
    const site = newSite(adoptionOf(vector, oldStoreOf(vector), adopting().map), AT, OPTIONS);
    const browser = site.browser(Object.entries(cookies));
    const late = browser.copy();
    await browser.visit(shown);
    await browser.visit((session) => session.signOut());
    expect(browser.jar.size).toBe(0);
    for (const later of [0, 60_000, HOUR / 2]) {
      site.now = AT + later;
      expect((await late.copy().visit(shown)).json).toMatchObject({ user: null });
    }
  });

  it("is not adopted where all of its user's have ended since", async () => {
    const { old, map } = adopting();
    const site = newSite(adoptionOf(vector, oldStoreOf(vector), map), AT + 60_000);
    const browser = site.browser(Object.entries(cookies));
    await browser.copy().visit(shown, { headers: { "sec-purpose": "prefetch" } });
    await site.revokeAll(old[0]?.userId ?? "somebody");
    expect((await browser.visit(shown)).json).toMatchObject({ user: null });
    expect(site.told).toEqual(["rejected revoked"]);
    expect(browser.jar.size).toBe(0);
  });

  // Nothing seals that one's id.
  if (id === "plain-id") return;

  it("is not believed under another key", async () => {
    const other = `${JAVASCRIPT.secret} of another`;
    const options = Object.fromEntries(
      Object.keys(vector.options).flatMap((name) =>
        SECRETS[name] ? [[name, SECRETS[name](other)]] : [],
      ),
    );
    const store = oldStoreOf(vector);
    const site = newSite(adoptionOf(vector, store, adopting().map, options), AT);
    const browser = site.browser(Object.entries(cookies));
    expect((await browser.visit(shown)).json).toMatchObject({ user: null });
    const reason = id === "numbered" ? "unknownKey" : "altered";
    expect(site.told).toEqual([`rejected ${reason}`]);
    expect([...browser.jar]).toEqual(Object.entries(cookies));
    expect(store.calls).toEqual([]);
  });
});

function HAS_VALUES({ library, id }: JavascriptVector): boolean {
  if (library === "Auth.js") return id === "usual";
  return library !== "better-auth" && library !== "nuxt-auth-utils";
}

/** Express-session moves the end in the store alone: what is there is live. */
const TRUSTS_STORE: ReadonlySet<string> = new Set(["express-session"]);

/** It rounds up, too: what it calls a second may have been half a second before. */
const ROUNDING = 500;

const TIMELESS: ReadonlySet<string> = new Set([
  "express-session browser",
  "@fastify/session prefixed",
  "@fastify/session sha512",
  "iron-session endless",
  "cookie-session usual",
  "cookie-session older-key",
  "koa-session browser",
]);

const SECRETS: Readonly<Record<string, (other: string) => unknown>> = {
  secret: (other) => other,
  key: () => Buffer.alloc(32, 9),
  password: (other) => other,
  encryptionKey: (other) => other,
  keys: (other) => [other],
};
