// express-session: node express-session.js memory | redis | postgres | files [defaults | timeout]
import connectPgSimple from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import session from "express-session";
import pg from "pg";
import sessionFileStore from "session-file-store";
import { plainObject } from "./support/contract.js";
import { called, serveExpress } from "./support/express.js";
import { connectRedis } from "./support/redis.js";

const [, , place, setting] = process.argv;
const isAdvised = setting !== "defaults";

// What a driver can be told, so that a store that hangs does not hang every request.
const reconnectStrategy = (tries) => Math.min(tries * 50, 1_000);
const limits = setting === "timeout" ? { socket: { socketTimeout: 2_000, reconnectStrategy } } : {};

const stores = {
  memory: () => new session.MemoryStore(),
  redis: async () => new RedisStore({ client: await connectRedis(limits) }),
  postgres: () => {
    const pool = new pg.Pool({
      connectionString: process.env.RACES_POSTGRES,
      connectionTimeoutMillis: 5_000,
    });
    pool.on("error", () => undefined);
    return new (connectPgSimple(session))({ pool, createTableIfMissing: true });
  },
  files: () =>
    new (sessionFileStore(session))({
      path: process.env.RACES_FOLDER,
      logFn: () => undefined,
    }),
};
const packages = {
  memory: [],
  redis: ["connect-redis", "redis"],
  postgres: ["connect-pg-simple", "pg"],
  files: ["session-file-store"],
};

const store = await stores[place]();

const face = {
  ...plainObject,
  packages: ["express-session", "express", ...packages[place]],
  open: ({ req }) => req.session,
  async signIn({ req }, user) {
    await called(req.session, "regenerate");
    req.session.user = user;
    await called(req.session, "save");
  },
  signOut: isAdvised ? ({ req }) => called(req.session, "destroy") : signOutOfReadme,
};

/** "User Login" of its README. */
async function signOutOfReadme({ req }) {
  req.session.user = null;
  await called(req.session, "save");
  await called(req.session, "regenerate");
}

// To save before a redirect is advised, too.
if (isAdvised) face.beforeRedirect = ({ req }) => called(req.session, "save");

// `all` is an optional method of stores: whose the sessions are is found by looking at each.
if (isAdvised && store.all !== undefined) {
  face.endAll = async (user) => {
    const all = Object.entries((await called(store, "all")) ?? {});
    const theirs = all.filter(([, stored]) => stored.user === user);
    await Promise.all(theirs.map(([id, stored]) => called(store, "destroy", stored.id ?? id)));
  };
}

const advised = { resave: false, saveUninitialized: false };
serveExpress(
  face,
  session({ secret: "a secret of thirty-two characters", store, ...(isAdvised && advised) }),
);
