// sojourn/express-session on Express: node drop-in.js redis [connect]. The application is that of
// express-session.js, as advised; the store is ours, or stays connect-redis.
import { RedisStore } from "connect-redis";
import session from "../../dist/drop-ins/express-session/index.js";
import { redisStore } from "../../dist/stores/redis/index.js";
import { plainObject } from "./support/contract.js";
import { called, serveExpress } from "./support/express.js";
import { connectRedis } from "./support/redis.js";

const client = await connectRedis();
const isConnect = process.argv[3] === "connect";
const middleware = session({
  secret: "a secret of thirty-two characters",
  resave: false,
  saveUninitialized: false,
  store: isConnect ? new RedisStore({ client }) : redisStore(client),
});

const face = {
  ...plainObject,
  packages: ["sojourn", "express", ...(isConnect ? ["connect-redis"] : []), "redis"],
  open: ({ req }) => req.session,
  // As passport keeps it: over our stores `list` and `revokeAll` know the user by that.
  user: ({ passport }) => passport?.user,
  values: ({ passport, cookie, ...values }) => values,
  async signIn({ req }, user) {
    await called(req.session, "regenerate");
    req.session.passport = { user };
    await called(req.session, "save");
  },
  signOut: ({ req }) => called(req.session, "destroy"),
  beforeRedirect: ({ req }) => called(req.session, "save"),
};

if (!isConnect) {
  face.list = async (userId) => (await middleware.sessions.list({ userId })).length;
  face.endAll = (userId) => middleware.sessions.revokeAll({ userId });
}

serveExpress(face, middleware);
