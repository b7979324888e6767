// koa-generic-session with koa-redis.
import session from "koa-generic-session";
import redisStore from "koa-redis";
import { plainObject } from "./support/contract.js";
import { serveKoa } from "./support/koa.js";

const store = redisStore({ url: process.env.RACES_REDIS });

serveKoa(
  {
    ...plainObject,
    packages: ["koa-generic-session", "koa-redis", "koa"],
    open: (ctx) => ctx.session,
    async signIn(ctx, user) {
      await ctx.regenerateSession();
      ctx.session.user = user;
    },
    signOut(ctx) {
      ctx.session = null;
    },
    beforeRedirect: (ctx) => ctx.saveSession(),
  },
  (app) => app.use(session({ store })),
);
