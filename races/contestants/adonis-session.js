// @adonisjs/session without an application around it: its middleware and its HTTP context come from the factories
// that AdonisJS has for that.

import { Emitter } from "@adonisjs/core/events";
import { AppFactory } from "@adonisjs/core/factories/app";
import { EncryptionFactory } from "@adonisjs/core/factories/encryption";
import { HttpContextFactory, RequestFactory, ResponseFactory } from "@adonisjs/core/factories/http";
import { RedisManagerFactory } from "@adonisjs/redis/factories";
import { defineConfig, SessionCollection, stores } from "@adonisjs/session";
import SessionMiddleware from "@adonisjs/session/session_middleware";
import { answer } from "./support/contract.js";
import { listen } from "./support/node.js";

const [, , place] = process.argv;

const app = new AppFactory().create(new URL("./", import.meta.url), () => undefined);
const encryption = new EncryptionFactory().create();
await app.init();
if (place === "redis") {
  const { hostname: host, port } = new URL(process.env.RACES_REDIS);
  // As `node ace configure` writes it.
  const retryStrategy = (times) => (times > 10 ? null : times * 50);
  const connections = { main: { host, port: Number(port), retryStrategy } };
  const redis = new RedisManagerFactory({ connection: "main", connections }).create();
  redis.on("connection:error", () => undefined);
  app.container.singleton("redis", () => redis);
}
const KEPT = { cookie: stores.cookie(), redis: stores.redis({ connection: "main" }) };
const config = await defineConfig({
  age: "2h",
  cookieName: "adonis-session",
  cookie: { path: "/", httpOnly: true, secure: false, sameSite: "lax" },
  store: place,
  stores: { [place]: KEPT[place] },
}).resolver(app);
const middleware = new SessionMiddleware(config, new Emitter(app));
const collection = new SessionCollection(config);

const face = {
  packages: [
    "@adonisjs/session",
    "@adonisjs/core",
    ...(place === "redis" ? ["@adonisjs/redis"] : []),
  ],
  open: ({ session }) => session,
  user: (session) => session.get("user"),
  values(session) {
    const { user, ...values } = session.all();
    return values;
  },
  set: (session, key, value) => session.put(key, value),
  // As its guard does.
  async signIn({ session }, user) {
    session.put("user", user);
    session.regenerate();
    if (collection.supportsTagging()) await session.tag(user);
  },
  signOut: ({ session }) => session.clear(),
  ...(collection.supportsTagging() && {
    list: async (user) => (await collection.tagged(user)).length,
    async endAll(user) {
      for (const { id } of await collection.tagged(user)) await collection.destroy(id);
    },
  }),
};

listen(async (req, res) => {
  const request = new RequestFactory().merge({ req, res, encryption }).create();
  const response = new ResponseFactory().merge({ req, res, encryption }).create();
  const context = new HttpContextFactory().merge({ request, response }).create();
  try {
    await middleware.handle(context, async () => {
      const { status, body, location } = await answer(face, req.method, req.url, context);
      if (location === undefined) response.status(status).json(body);
      else response.redirect().status(status).toPath(location);
    });
  } catch (error) {
    console.error(error);
    response.status(error.status ?? 500).send("");
  }
  response.finish();
});
