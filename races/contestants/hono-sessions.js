// hono-sessions: node hono-sessions.js memory | cookie | redis
import { Hono } from "hono";
import { CookieStore, MemoryStore, sessionMiddleware } from "hono-sessions";
import { respondInHono, serveFetch } from "./support/fetch.js";
import { jsonInRedis } from "./support/redis.js";

const stores = {
  memory: () => new MemoryStore(),
  cookie: () => new CookieStore(),
  redis: async () => {
    const { get, set, delete: remove } = await jsonInRedis();
    return {
      getSessionById: get,
      createSession: set,
      persistSessionData: set,
      deleteSession: remove,
    };
  },
};
const setting = process.argv[2];

const face = {
  packages: ["hono-sessions", "hono"],
  open: (c) => c.get("session"),
  user: (session) => session.get("user"),
  values: (session) => {
    const stored = Object.entries(session.getCache()._data).map(([key, { value }]) => [key, value]);
    return { ...Object.fromEntries(stored), user: undefined };
  },
  set: (session, key, value) => session.set(key, value),
  signIn(c, user) {
    c.set("session_key_rotation", true);
    c.get("session").set("user", user);
  },
  signOut: (c) => c.get("session").deleteSession(),
};

const app = new Hono();
app.use(
  sessionMiddleware({
    store: await stores[setting](),
    encryptionKey: "a key of thirty-two characters, no fewer",
    expireAfterSeconds: 900,
    cookieOptions: { path: "/", httpOnly: true, sameSite: "Lax" },
  }),
);
app.all("*", (c) => respondInHono(face, c));
serveFetch(app.fetch);
