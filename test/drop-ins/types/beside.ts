// Where a store's types bring those of express-session along, these count.

import { RedisStore } from "connect-redis";
import express from "express";
import { createClient } from "redis";
import session from "sojourn/express-session";
import { expectTypeOf } from "vitest";

declare module "express-session" {
  interface SessionData {
    views: number;
  }
}

const store = new RedisStore({ client: createClient() });
const app = express().use(session({ secret: "keyboard cat", store }));
app.get("/", (req, res) => {
  expectTypeOf(req.session.views).toEqualTypeOf<number | undefined>();
  req.session.save(() => res.json(req.sessionID));
});
