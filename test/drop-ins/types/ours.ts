// What an application has beyond express-session's types.

import express from "express";
import { memoryStore } from "sojourn";
import session, { type SessionMiddleware } from "sojourn/express-session";
import { expectTypeOf } from "vitest";

declare module "sojourn/express-session" {
  interface SessionData {
    theme: "light" | "dark";
  }
}

const middleware = session({
  secret: "keyboard cat",
  store: memoryStore(),
  sojourn: { idleTimeout: "1h", userId: (data) => data.theme },
});
expectTypeOf(middleware).toEqualTypeOf<SessionMiddleware>();
// @ts-expect-error that is no duration
session({ secret: "keyboard cat", store: memoryStore(), sojourn: { idleTimeout: "soon" } });

const app = express().use(middleware);
app.get("/", async (req, res) => {
  expectTypeOf(req.session.save()).toEqualTypeOf<Promise<void>>();
  await req.session.regenerate();
  await req.session.reload();
  await req.session.destroy();
  const own = await middleware.sessions.open(req);
  expectTypeOf(own.get("theme")).toEqualTypeOf<"light" | "dark" | undefined>();
  own.set("theme", "dark");
  // @ts-expect-error there is no such theme
  own.set("theme", "blue");
  res.json(await middleware.sessions.list({ userId: "ada" }));
});
