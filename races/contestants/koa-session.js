// koa-session: node koa-session.js cookie | redis
import session from "koa-session";
import { serveKoa } from "./support/koa.js";
import { jsonInRedis } from "./support/redis.js";

const redis = process.argv[2] === "redis" ? await jsonInRedis() : undefined;
const store = redis && { get: redis.get, set: redis.set, destroy: redis.delete };

serveKoa(
  {
    packages: ["koa-session", "koa", ...(redis ? ["redis"] : [])],
    open: (ctx) => ctx.session,
    user: (current) => current.user,
    values: (current) => ({ ...current.toJSON(), user: undefined }),
    set: (current, key, value) => {
      current[key] = value;
    },
    async signIn(ctx, user) {
      await ctx.session.regenerate();
      ctx.session.user = user;
    },
    signOut(ctx) {
      ctx.session = null;
    },
    ...(redis && { beforeRedirect: (ctx) => ctx.session.manuallyCommit() }),
  },
  (app) => app.use(session(store ? { store } : {}, app)),
);
