import expressSession from "express-session";
import { describe, expect, it } from "vitest";
import session, { type SessionMiddleware } from "../../../src/drop-ins/express-session/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type AnyRequest, type Browser, browse, type Middleware } from "./support/hosts.ts";

const SETTINGS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

type Made = SessionMiddleware & Middleware;
const theirs = () => expressSession(SETTINGS) as unknown as Middleware;
const ours = () => session({ ...SETTINGS, store: memoryStore() }) as Made;
const BOTH: [string, () => Middleware][] = [
  ["express-session", theirs],
  ["sojourn/express-session over a store of ours", ours],
];

/** A browser whose requests below `/at` all have their session before one of them goes on. */
async function atOnce(
  middleware: Middleware,
  count: number,
  change: (request: AnyRequest, name: string) => unknown,
): Promise<Browser> {
  const all = Promise.withResolvers<void>();
  let inside = 0;
  return browse(middleware, async (request, response) => {
    const [, place, name = ""] = request.url?.split("/") ?? [];
    if (place === "begin") request.session.cart = { tea: 1 };
    if (place === "at") {
      inside += 1;
      if (inside === count) all.resolve();
      await all.promise;
      await change(request, name);
    }
    response.end(JSON.stringify({ ...request.session, cookie: undefined }));
  });
}

/** What each of the browser's twins has seen in the end. */
async function seenBy(browsers: readonly Browser[]): Promise<Record<string, unknown>[]> {
  const answers = await Promise.all(browsers.map((browser) => browser.get("/look")));
  return answers.map(({ text }) => JSON.parse(text));
}

async function visit(browser: Browser, names: readonly string[]): Promise<Browser[]> {
  const twins = names.map(() => browser.twin());
  const answers = await Promise.all(twins.map((twin, at) => twin.get(`/at/${names[at]}`)));
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  return twins;
}

describe("two requests at once that change one object in place", () => {
  it.each(BOTH)("leave it as the later one has it, at %s", async (_, make) => {
    const browser = await atOnce(make(), 2, (request, name) => {
      request.session.cart[name] = 2;
    });
    await browser.get("/begin");
    await visit(browser, ["milk", "bread"]);
    const [kept] = await seenBy([browser]);
    expect([
      { tea: 1, milk: 2 },
      { tea: 1, bread: 2 },
    ]).toContainEqual(kept?.["cart"]);
  });

  it("lose nothing by update of sessions.open(req)", async () => {
    const middleware = ours();
    const browser = await atOnce(middleware, 2, async (request, name) => {
      const own = await middleware.sessions.open(request);
      await own.update("cart" as never, (cart) => ({ ...Object(cart), [name]: 2 }) as never);
    });
    await browser.get("/begin");
    await visit(browser, ["milk", "bread"]);
    const [kept] = await seenBy([browser]);
    expect(kept).toEqual({ cart: { tea: 1, milk: 2, bread: 2 } });
  });
});

describe("parallel requests of which each finds out who the visitor is", () => {
  const NAMES = ["one", "two", "three"];
  const signIn = (request: AnyRequest, name: string): void => {
    request.session[name] = true;
    request.session.passport = { user: "ada" };
  };
  const ADA = { passport: { user: "ada" } };

  it.each(BOTH)("begin a session each where the visitor had none, at %s", async (_, make) => {
    const browser = await atOnce(make(), 3, signIn);
    const twins = await visit(browser, NAMES);
    expect(await seenBy(twins)).toEqual(NAMES.map((name) => ({ ...ADA, [name]: true })));
  });

  it("share the visitor's session at express-session, with what the last one stored", async () => {
    const browser = await atOnce(theirs(), 3, signIn);
    await browser.get("/begin");
    const [first, ...others] = await seenBy(await visit(browser, NAMES));
    for (const other of others) expect(other).toEqual(first);
    expect(NAMES.filter((name) => first?.[name])).toHaveLength(1);
  });

  it("get a new token each over a store of ours, with all that stood there, and the old one is dead", async () => {
    const middleware = ours();
    const browser = await atOnce(middleware, 3, signIn);
    await browser.get("/begin");
    const twins = await visit(browser, NAMES);
    const cart = { tea: 1 };
    expect(await seenBy(twins)).toEqual(NAMES.map((name) => ({ cart, ...ADA, [name]: true })));
    expect(new Set(twins.map(({ cookie }) => cookie)).size).toBe(3);
    expect(await seenBy([browser])).toEqual([{}]);
    expect(await middleware.sessions.list({ userId: "ada" })).toHaveLength(3);
  });
});
