import type { Contestant, Place } from "./runner/contestant.ts";

const SCANNED =
  "A user's sessions are found by `all`, an optional method of its stores, which reads every session.";
const SIGN_OUT_OF_README =
  "Signs out as the README's example does: the user is set to null, saved, and the session regenerated.";
const OF_ITS_SHAPE = "Over a store of the shape that it documents: JSON under a key.";

/** What a reader of their rows should know, by the name of the library or of one setting of it. */
const NOTES: Readonly<Record<string, readonly string[]>> = {
  "Sojourn, cookieStore": [
    "The sessions lie with the visitors; which of them have ended, in an SQLite file.",
  ],
  "sojourn/express-session, redisStore": [
    "`req.session.count += 1` is a plain assignment; `update` of our own face, in the same request, loses none.",
  ],
  "express-session, connect-redis, as advised": [SCANNED],
  "express-session, as advised": [SCANNED],
  "express-session, connect-redis, as advised, with a timeout of the driver": [SCANNED],
  "express-session, defaults": [SIGN_OUT_OF_README],
  "express-session, connect-redis, defaults": [SIGN_OUT_OF_README],
  "next-session": [
    "It has no means to give a session a new id: at a sign-in the old one is destroyed and another begun.",
  ],
  "@mgcrea/fastify-session": [OF_ITS_SHAPE],
  "koa-session, a store on Redis": [OF_ITS_SHAPE],
  "hono-sessions, MemoryStore": [
    "All requests of a session change one live object, which is why nothing is lost within one process.",
  ],
  "hono-sessions, a store on Redis": [OF_ITS_SHAPE],
  "@hono/session": ["It has no means to give a session a new id."],
  "@hono/session, a store on Redis": [
    "It has no means to give a session a new id.",
    "`update` reads the newest before it writes, which is why two requests in a row keep both.",
    "It does not wait for the storage's `set`: where that rejects, Node ends the process.",
    OF_ITS_SHAPE,
  ],
  "better-auth": [
    "Each field of a session is declared, and a column of its own, which is why no key is lost; a visitor without an account is an anonymous user, whose session ends at the sign-in.",
  ],
  "Auth.js": ["Its sessions hold who is there, and nothing of the application's."],
  "Auth.js, its default, a token in the cookie": [
    "Its sessions hold who is there, and nothing of the application's.",
    "Read by `getSession`, which sends no cookie.",
  ],
  "nuxt-auth-utils": ["Without Nuxt, of which its sessions ask for the configuration alone."],
  "@adonisjs/session": [
    "Without an application of AdonisJS: its middleware is given a context by its own factories.",
    "Signs out by `session.clear()`; `logout` of its guard forgets the user alone.",
  ],
  "Astro sessions": [
    "Without Astro: the class behind `Astro.session` is made for each request as its pipeline does, and stored before the answer.",
  ],
  "React Router": [
    "A session keeps its id: at a sign-in the old one is destroyed and another begun.",
  ],
  "@remix-run/session": ["Its cookie is carried as it is; an application signs it."],
  "svelte-kit-sessions": [
    "Without SvelteKit: its handle is given the part of the event that it asks for.",
    OF_ITS_SHAPE,
  ],
  "Flask-Session": ["Debian's version; it has no means to give a session a new id."],
  "Django, db, PostgreSQL": [
    "A user's sessions are found by reading all of them, as no column says whose they are.",
  ],
  "Django, cached_db, django-redis over SQLite": [
    "A user's sessions are found by reading all of them, as no column says whose they are.",
    "It is the cache that goes away.",
  ],
};

/** All contestants, in the order of the table. */
export const CONTESTANTS: readonly Contestant[] = [
  node("Sojourn", "sojourn", "memory", "memory"),
  node("Sojourn", "sojourn", "redis", "redisStore"),
  node("Sojourn", "sojourn", "postgres", "postgresStore"),
  node("Sojourn", "sojourn", "sqlite", "sqliteStore"),
  node("Sojourn", "sojourn", "files", "fileStore"),
  node("Sojourn", "sojourn", "cookie", "cookieStore"),
  node("sojourn/express-session", "drop-in", "redis", "redisStore"),
  node("sojourn/express-session", "drop-in", "redis", "connect-redis", "connect"),
  node("express-session", "express-session", "memory", "defaults", "defaults"),
  node("express-session", "express-session", "memory", "as advised"),
  node("express-session", "express-session", "redis", "connect-redis, defaults", "defaults"),
  node("express-session", "express-session", "redis", "connect-redis, as advised"),
  node(
    "express-session",
    "express-session",
    "redis",
    "connect-redis, as advised, with a timeout of the driver",
    "timeout",
  ),
  node("express-session", "express-session", "postgres", "connect-pg-simple, as advised"),
  node("express-session", "express-session", "files", "session-file-store, as advised"),
  node("cookie-session", "cookie-session", "cookie", "defaults"),
  node("client-sessions", "client-sessions", "cookie", "defaults"),
  node("iron-session", "iron-session", "cookie", "defaults"),
  node("next-session", "next-session", "redis", "connect-redis, autoCommit: false"),
  node("@fastify/session", "fastify-session", "memory", "defaults", "defaults"),
  node("@fastify/session", "fastify-session", "redis", "connect-redis, as advised"),
  node("@fastify/secure-session", "fastify-secure-session", "cookie", "defaults"),
  node("@mgcrea/fastify-session", "mgcrea-fastify-session", "redis", "a store on Redis"),
  node("koa-session", "koa-session", "cookie", "defaults"),
  node("koa-session", "koa-session", "redis", "a store on Redis"),
  node("koa-generic-session", "koa-generic-session", "redis", "koa-redis"),
  node("hono-sessions", "hono-sessions", "memory", "MemoryStore"),
  node("hono-sessions", "hono-sessions", "cookie", "CookieStore"),
  node("hono-sessions", "hono-sessions", "redis", "a store on Redis"),
  node("@hono/session", "hono-session", "cookie", "defaults"),
  node("@hono/session", "hono-session", "redis", "a store on Redis"),
  node("h3 useSession", "h3", "cookie", "defaults"),
  node("nuxt-auth-utils", "nuxt-auth-utils", "cookie", "defaults"),
  node("better-auth", "better-auth", "postgres", "anonymous, fields of its own, PostgreSQL"),
  node("Auth.js", "auth-js", "cookie", "its default, a token in the cookie"),
  node("Auth.js", "auth-js", "postgres", "@auth/pg-adapter"),
  node("@adonisjs/session", "adonis-session", "cookie", "cookie store, the default"),
  node("@adonisjs/session", "adonis-session", "redis", "redis store"),
  node("Astro sessions", "astro", "redis", "unstorage's Redis driver"),
  node("React Router", "react-router", "memory", "createMemorySessionStorage"),
  node("React Router", "react-router", "cookie", "createCookieSessionStorage"),
  node("React Router", "react-router", "files", "createFileSessionStorage"),
  node("@remix-run/session", "remix-session", "memory", "memory storage"),
  node("@remix-run/session", "remix-session", "cookie", "cookie storage"),
  node("@remix-run/session", "remix-session", "files", "file storage"),
  node("svelte-kit-sessions", "svelte-kit-sessions", "redis", "a store on Redis"),
  node("@hapi/yar", "yar", "cookie", "defaults"),
  node("@hapi/yar", "yar", "memory", "maxCookieSize: 0"),
  python("Flask", "flask_app", "cookie", "its own signed cookie"),
  python("Flask-Session", "flask_app", "redis", "redis"),
  python("Flask-Session", "flask_app", "files", "filesystem"),
  python("Django", "django_app", "postgres", "db, PostgreSQL", "db"),
  python("Django", "django_app", "redis", "cached_db, django-redis over SQLite", "cached_db"),
  python("Django", "django_app", "cookie", "signed_cookies", "signed_cookies"),
  python("Starlette", "starlette_app", "cookie", "SessionMiddleware"),
  python("Tornado", "tornado_app", "cookie", "JSON in a signed cookie"),
];

function notesOf(name: string, setting: string): Pick<Contestant, "notes"> {
  const notes = NOTES[`${name}, ${setting}`] ?? NOTES[name];
  return notes === undefined ? {} : { notes };
}

function node(
  name: string,
  file: string,
  place: Place,
  setting: string,
  ...more: readonly string[]
): Contestant {
  const command = [process.execPath, `${file}.js`, place, ...more] as const;
  return { name, setting, place, command, ...notesOf(name, setting) };
}

/** Debian's, and so for the system's own Python. */
function python(
  name: string,
  file: string,
  place: Place,
  setting: string,
  argument: string = place,
): Contestant {
  const command = ["/usr/bin/python3", `python/${file}.py`, argument] as const;
  return { name, setting, place, command, ...notesOf(name, setting) };
}
