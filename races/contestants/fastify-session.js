// @fastify/session: node fastify-session.js defaults | redis
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { RedisStore } from "connect-redis";
import { plainObject } from "./support/contract.js";
import { serveFastify } from "./support/fastify.js";
import { connectRedis } from "./support/redis.js";

const hasRedis = process.argv[2] === "redis";
const advised = { saveUninitialized: false, rolling: false };

await serveFastify(
  {
    packages: ["@fastify/session", "fastify", ...(hasRedis ? ["connect-redis", "redis"] : [])],
    open: ({ request }) => request.session,
    user: (current) => current.get("user"),
    values: ({ user, cookie: _cookie, ...values }) => values,
    set: plainObject.set,
    async signIn({ request }, user) {
      await request.session.regenerate();
      request.session.set("user", user);
      await request.session.save();
    },
    signOut: ({ request }) => request.session.destroy(),
    ...(hasRedis && { beforeRedirect: ({ request }) => request.session.save() }),
  },
  async (app) => {
    app.register(cookie);
    app.register(session, {
      secret: "a secret of thirty-two characters",
      cookie: { secure: false },
      ...(hasRedis && { ...advised, store: new RedisStore({ client: await connectRedis() }) }),
    });
  },
);
