import { createRequire } from "node:module";
import express, { type RequestHandler } from "express";
import theirSession from "express-session";
import Koa from "koa";
import { afterEach, describe, expect, it } from "vitest";
import { cookieSession } from "../../src/drop-ins/cookie-session/index.ts";
import session from "../../src/drop-ins/express-session/index.ts";
import { createSession } from "../../src/drop-ins/koa-session/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { addressOf, closeServers } from "./support/served.ts";

const SETTINGS = { secret: "keyboard cat", resave: false, saveUninitialized: false };
const theirCookieSession = createRequire(import.meta.url)("cookie-session");

afterEach(closeServers);

/** Node's response, as far as the test has to do with it. */
interface Response {
  writeHead(status: number, headers: string[]): unknown;
  end(text: string): unknown;
}

/** Tries what Node refuses, and answers then. */
function answer(response: Response): void {
  let said = "nothing";
  try {
    response.writeHead(201, ["X-Shop", "1", "X-Odd"]);
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    said = code ?? name;
  }
  response.writeHead(202, ["X-Shop", "2"]);
  response.end(said);
}

function atExpress(middleware: unknown): Promise<string> {
  const app = express().use(middleware as RequestHandler);
  app.use((request, response) => {
    Object.assign(request.session as object, { views: 1 });
    answer(response as Response);
  });
  return addressOf(app);
}

function atKoa(options: object): Promise<string> {
  const app = new Koa();
  app.keys = ["key"];
  app.use(createSession(options, app));
  app.use(async (ctx) => {
    Object.assign(ctx.session as object, { views: 1 });
    await ctx.session?.manuallyCommit();
    ctx.respond = false;
    answer(ctx.res as Response);
  });
  return addressOf(app.callback());
}

const OURS: Record<string, () => Promise<string>> = {
  "cookie-session": () => atExpress(cookieSession({ keys: ["key"] })),
  "express-session over a connect store": () => atExpress(session(SETTINGS)),
  "express-session over a store of ours": () =>
    atExpress(session({ ...SETTINGS, store: memoryStore() })),
  "koa-session": () => atKoa({}),
  "koa-session over a store of ours": () => atKoa({ store: memoryStore(), secure: false }),
};

const THEIRS: Record<string, () => Promise<string>> = {
  "cookie-session": () => atExpress(theirCookieSession({ keys: ["key"] })),
  "express-session": () => atExpress(theirSession(SETTINGS)),
};

describe("a head whose list of headers lacks a value", () => {
  it.each(Object.keys(OURS))("is refused in Node's words by sojourn/%s", async (name) => {
    const response = await fetch((await OURS[name]?.()) ?? "");
    expect(await response.text()).toBe("ERR_INVALID_ARG_VALUE");
    expect(response.status).toBe(202);
    expect(response.headers.get("x-shop")).toBe("2");
    expect(response.headers.getSetCookie()).not.toEqual([]);
  });

  it.each(Object.keys(THEIRS))("is refused by %s, in its own", async (name) => {
    const response = await fetch((await THEIRS[name]?.()) ?? "");
    expect(await response.text()).toBe("TypeError");
    expect(response.status).toBe(202);
    expect(response.headers.getSetCookie()).not.toEqual([]);
  });
});
