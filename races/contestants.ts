import type { Contestant, Place } from "./runner/contestant.ts";

/** All contestants, in the order of the table. */
export const CONTESTANTS: readonly Contestant[] = [
  node("Sojourn", "sojourn", "memory", "memory"),
  node("Sojourn", "sojourn", "redis", "redisStore"),
  node("Sojourn", "sojourn", "postgres", "postgresStore"),
  node("Sojourn", "sojourn", "sqlite", "sqliteStore"),
  node("Sojourn", "sojourn", "files", "fileStore"),
  node("Sojourn", "sojourn", "cookie", "cookieStore"),
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

function node(
  name: string,
  file: string,
  place: Place,
  setting: string,
  ...more: readonly string[]
): Contestant {
  return { name, setting, place, command: [process.execPath, `${file}.js`, place, ...more] };
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
  return { name, setting, place, command };
}
