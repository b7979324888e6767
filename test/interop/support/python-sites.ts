/** A server that a site keeps its sessions in. */
export type ServerName = "mariadb" | "memcached" | "postgres" | "redis";

/** How a site is started, and what it can do beyond the pages that all sites have. */
export interface SiteSpec {
  readonly program: string;
  /** What the program calls this way to keep sessions. */
  readonly kind: string;
  readonly server?: ServerName;
  readonly abilities: readonly Ability[];
}

/** What only some frameworks have. */
export type Ability = "csrf" | "expire" | "flash" | "new-key" | "set-password";

const FLASK = ["expire", "flash"] as const;
const DJANGO = ["csrf", "expire", "flash", "new-key", "set-password"] as const;
const COOKIE = ["expire"] as const;

/** All sites, by the framework and the place of its sessions. */
export const PYTHON_SITES = {
  Flask: flask("plain"),
  "Flask, permanent": { ...flask("permanent"), abilities: ["csrf", "flash"] },
  "Flask with Flask-Login": flask("login"),
  "Flask-Session on Redis": flaskSession("redis", "redis"),
  "Flask-Session on Redis, signed": flaskSession("redis-signed", "redis"),
  "Flask-Session on Memcached": flaskSession("memcached", "memcached"),
  "Flask-Session on Memcached, signed": flaskSession("memcached-signed", "memcached"),
  "Flask-Session in files": flaskSession("filesystem"),
  "Flask-Session in files, signed": flaskSession("filesystem-signed"),
  "Flask-Session on SQLite": flaskSession("sqlalchemy"),
  "Flask-Session on SQLite, signed": flaskSession("sqlalchemy-signed"),
  "Flask-Session on PostgreSQL": flaskSession("sqlalchemy", "postgres"),
  "Flask-Session on MariaDB": flaskSession("sqlalchemy", "mariadb"),
  "Django on SQLite": django("db-sqlite"),
  "Django with its token in a cookie": {
    ...django("db-sqlite-csrf_cookie"),
    abilities: ["expire", "flash", "new-key", "set-password"],
  },
  "Django on PostgreSQL": django("db-postgres", "postgres"),
  "Django on MariaDB": django("db-mariadb", "mariadb"),
  "Django's cache on Memcached": django("cache-memcached", "memcached"),
  "Django's cache on Redis": django("cache-redis", "redis"),
  "Django's cached_db with Memcached": django("cached_db-memcached", "memcached"),
  "Django's cached_db with Redis": django("cached_db-redis", "redis"),
  "Django in files": django("file"),
  "Django's signed cookies": {
    ...django("signed_cookies"),
    // It has no key but its bytes.
    abilities: ["csrf", "expire", "flash", "set-password"],
  },
  "Tornado's signed cookies": { program: "tornado-site.py", kind: "cookie", abilities: COOKIE },
  "pycket on Redis": pycket("redis", FLASK),
  "pycket on Memcached": pycket("memcached", COOKIE),
  Starlette: { program: "starlette-site.py", kind: "starlette", abilities: COOKIE },
  FastAPI: { program: "starlette-site.py", kind: "fastapi", abilities: COOKIE },
} as const satisfies Readonly<Record<string, SiteSpec>>;

export type SiteName = keyof typeof PYTHON_SITES;

function flask(kind: string): SiteSpec {
  return { program: "flask-site.py", kind, abilities: ["csrf", ...FLASK] };
}

function flaskSession(kind: string, server?: ServerName): SiteSpec {
  return { program: "flask-session-site.py", kind, ...on(server), abilities: FLASK };
}

function django(kind: string, server?: ServerName): SiteSpec {
  return { program: "django-site.py", kind, ...on(server), abilities: DJANGO };
}

function pycket(server: ServerName, abilities: readonly Ability[]): SiteSpec {
  return { program: "tornado-site.py", kind: server, server, abilities };
}

function on(server: ServerName | undefined): Pick<SiteSpec, "server"> {
  return server === undefined ? {} : { server };
}
