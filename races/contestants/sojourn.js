// Sojourn on Express: node sojourn.js memory | redis | postgres | sqlite | files | cookie
import { hash } from "node:crypto";
import pg from "pg";
import { cookieStore } from "../../dist/cookies/cookie.js";
import { sessionMiddleware } from "../../dist/frameworks/express.js";
import { createSessions, memoryStore } from "../../dist/index.js";
import { fileStore } from "../../dist/stores/file/index.js";
import { postgresStore } from "../../dist/stores/postgres/index.js";
import { redisStore } from "../../dist/stores/redis/index.js";
import { sqliteStore } from "../../dist/stores/sqlite/index.js";
import { serveExpress } from "./support/express.js";
import { connectRedis } from "./support/redis.js";

const folder = process.env.RACES_FOLDER;
// Both processes have it; an application takes what "npx sojourn secret" makes.
const KEYS = [hash("sha256", "a key of the races", "buffer")];

const settings = {
  memory: () => ({ store: memoryStore() }),
  redis: async () => ({ store: redisStore(await connectRedis()) }),
  postgres: () => ({ store: postgresStore(connectPostgres()) }),
  sqlite: () => ({ store: sqliteStore(`${folder}/sessions.db`) }),
  files: () => ({ store: fileStore(`${folder}/sessions`) }),
  cookie: () => ({
    store: cookieStore({ revocations: sqliteStore(`${folder}/revoked.db`) }),
    keys: KEYS,
  }),
};

function connectPostgres() {
  const pool = new pg.Pool({
    connectionString: process.env.RACES_POSTGRES,
    connectionTimeoutMillis: 5_000,
  });
  pool.on("error", () => undefined);
  return pool;
}

const clients = { redis: ["redis"], postgres: ["pg"] };
const setting = process.argv[2];
const sessions = createSessions(await settings[setting]());

const face = {
  packages: ["sojourn", "express", ...(clients[setting] ?? [])],
  open: ({ req }) => sessions.open(req),
  user: (session) => session.userId,
  values: (session) => Object.fromEntries(session.entries()),
  set: (session, key, value) => session.set(key, value),
  increment: (session) => session.update("count", (count = 0) => count + 1),
  signIn: async ({ req }, user) => (await sessions.open(req)).signIn(user),
  signOut: async ({ req }) => (await sessions.open(req)).signOut(),
  endAll: (userId) => sessions.revokeAll({ userId }),
};

// Who has which session is not known where they lie with their visitors.
if (setting !== "cookie") face.list = (userId) => sessions.count({ userId });

serveExpress(face, sessionMiddleware(sessions));
