// @mgcrea/fastify-session over Redis, by a store of the shape that it documents.
import cookie from "@fastify/cookie";
import session, { Session } from "@mgcrea/fastify-session";
import { serveFastify } from "./support/fastify.js";
import { jsonInRedis } from "./support/redis.js";

const redis = await jsonInRedis();
const store = {
  get: redis.get,
  set: (id, data, expiry) => redis.set(id, [data, expiry]),
  destroy: redis.delete,
  touch: async () => undefined,
};

await serveFastify(
  {
    packages: ["@mgcrea/fastify-session", "fastify"],
    open: ({ request }) => request.session,
    user: (current) => current.get("user"),
    values: (current) => ({ ...current.data, user: undefined }),
    set: (current, key, value) => current.set(key, value),
    // It has no regenerate; its session is ended, and another begins under a new id.
    async signIn({ request }, user) {
      await request.destroySession();
      request.session = await Session.create();
      request.session.set("user", user);
    },
    signOut: ({ request }) => request.destroySession(),
  },
  (app) => {
    app.register(cookie);
    app.register(session, {
      secret: "a secret of thirty-two characters",
      store,
      cookie: { maxAge: 86_400, secure: false },
    });
  },
);
