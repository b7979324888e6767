import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SharedStore } from "../../../src/cookies/mount.ts";
import { djangoSessions } from "../../../src/interop/django/index.ts";
import { flaskSessions } from "../../../src/interop/flask/index.ts";
import { flaskServerSessions } from "../../../src/interop/flask-session/index.ts";
import type { SharingOptions } from "../../../src/interop/foreign/sharing-options.ts";
import { starletteSessions } from "../../../src/interop/starlette/index.ts";
import { pycketSessions, tornadoSessions } from "../../../src/interop/tornado/index.ts";
import type { RedisClient } from "../../../src/stores/redis/index.ts";
import type { Lacks } from "./abilities.ts";

/** The sessions of a framework in Python, of which one place is opened by several processes. */
export interface SharedPlace {
  readonly name: string;
  readonly lacks: Lacks;
  /** A fresh place. Resolves to what opens it for one process. */
  begin(tools: Tools): Promise<(options: SharingOptions) => Promise<SharedStore>>;
}

/** What places are made of. */
interface Tools {
  /** A connection of its own. */
  redis(): Promise<RedisClient>;
  /** Called when the tests are done. */
  atEnd(close: () => unknown): void;
}

const secretKey = randomBytes(24).toString("base64");

/** What has no place beside a session of theirs. */
const SHARED: Lacks = {
  "finds by user": "No session can be found from outside its request",
  "hands off": "A hand-off is refused",
  "tells late requests": "Where a session ended nothing tells of it",
};

const IN_COOKIES: Lacks = {
  ...SHARED,
  "merges parallel writes": "the answer that comes last prevails whole",
  "ends for good": "A copied cookie works until",
  "does exclusive work": "Exclusive work is refused",
};

const PASSWORDS: ReadonlyMap<string, string> = new Map(
  ["ada", "bob", "eve"].map((userId) => [userId, `pbkdf2_sha256$600000$salt$${userId}`]),
);
const passwordOf = async (userId: string): Promise<string | undefined> => PASSWORDS.get(userId);

/** Frameworks whose sessions can be shared, without them: their stores and cookies alone. */
export const SHARED_PLACES: readonly SharedPlace[] = [
  {
    name: "in Flask's cookie",
    lacks: IN_COOKIES,
    begin: async () => async (options) => flaskSessions({ secretKey, ...options }),
  },
  {
    name: "in Starlette's cookie",
    lacks: IN_COOKIES,
    begin: async () => async (options) => starletteSessions({ secretKey, ...options }),
  },
  {
    name: "in Tornado's cookie",
    lacks: IN_COOKIES,
    begin: async () => async (options) =>
      tornadoSessions({ cookieSecret: secretKey, holds: "json", ...options }),
  },
  {
    name: "in Django's cookie",
    lacks: {
      ...IN_COOKIES,
      "merges parallel writes": "the answer that arrives last decides",
      "ends for good": "A copied cookie opens until it expires",
    },
    begin: async () => async (options) =>
      djangoSessions({ engine: "signed_cookies", secretKey, passwordOf, ...options }),
  },
  {
    name: "in Flask-Session's Redis",
    lacks: SHARED,
    begin: async ({ redis }) => {
      const sessionKeyPrefix = `${randomBytes(6).toString("hex")}:`;
      return async (options) =>
        flaskServerSessions({
          redis: await redis(),
          version: "0.6",
          sessionKeyPrefix,
          ...options,
        });
    },
  },
  {
    name: "in Flask-Session's files",
    lacks: SHARED,
    begin: async (tools) => {
      const folder = await folderFor(tools);
      return async (options) =>
        flaskServerSessions({ filesystem: { folder }, version: "0.6", ...options });
    },
  },
  {
    name: "in Django's table",
    lacks: SHARED,
    begin: async (tools) => {
      const database = join(await folderFor(tools), "site.db");
      makeTable(database);
      return async (options) => djangoSessions({ database, secretKey, passwordOf, ...options });
    },
  },
  {
    name: "in Django's cache",
    lacks: SHARED,
    begin: async ({ redis }) => {
      const keyPrefix = randomBytes(6).toString("hex");
      return async (options) =>
        djangoSessions({
          engine: "cache",
          cache: await redis(),
          keyPrefix,
          secretKey,
          passwordOf,
          ...options,
        });
    },
  },
  {
    name: "in pycket's Redis",
    lacks: SHARED,
    begin:
      async ({ redis }) =>
      async (options) =>
        pycketSessions({ redis: await redis(), cookieSecret: secretKey, ...options }),
  },
];

async function folderFor({ atEnd }: Tools): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-shared-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** As Django's migration leaves it. */
function makeTable(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE "django_session" (
    "session_key" varchar(40) NOT NULL PRIMARY KEY,
    "session_data" text NOT NULL, "expire_date" datetime NOT NULL)`);
  database.close();
}
