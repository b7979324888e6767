import type { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "sojourn";
import { djangoSessions } from "sojourn/django";
import { flaskSessions } from "sojourn/flask";
import { starletteSessions } from "sojourn/starlette";
import { type PycketOptions, pycketSessions } from "sojourn/tornado";
import type { Line } from "./cart.ts";
import type { NeighbourName } from "./neighbours.ts";
import { djangoUsers, namedUsers, type Users } from "./users.ts";

/** What a visitor's session holds, at any of the four. */
export interface Visit {
  cart: Line[];
}

/** The sessions shared with one neighbour, and whom it means by its user ids. */
export interface Shared {
  readonly sessions: Sessions<Visit>;
  readonly users: Users;
}

/** What is needed to find Django's and Tornado's records. */
export interface Stores {
  /** The file in which Django has its tables, opened. */
  readonly database: DatabaseSync;
  /** Which Django's forms are written. */
  readonly djangoVersion: "3.1" | "4.0";
  readonly records: Records;
}

/** A client of Redis, or the address of Memcached. */
export type Records =
  | { readonly redis: NonNullable<PycketOptions["redis"]> }
  | { readonly memcached: string };

/** One manager for each neighbour. No two share a name, nor do their cookies: all four live side by side. */
export function sharedSessions(
  secretKeys: Readonly<Record<NeighbourName, string>>,
  { database, djangoVersion, records }: Stores,
): Readonly<Record<NeighbourName, Shared>> {
  const defaults: Visit = { cart: [] };
  // As the neighbours have it here. Where all speak HTTPS, it is left out.
  const cookie = { secure: false };
  const inDjango = djangoUsers(database);

  const flask = createSessions({
    name: "flask",
    store: flaskSessions({ secretKey: secretKeys.flask, sessionCookieName: "flask_session" }),
    defaults,
    cookie,
  });
  const django = createSessions({
    name: "django",
    store: djangoSessions({
      database,
      version: djangoVersion,
      secretKey: secretKeys.django,
      sessionCookieName: "django_session",
      passwordOf: inDjango.passwordOf,
    }),
    defaults,
    cookie,
  });
  const tornado = createSessions({
    name: "tornado",
    store: pycketSessions({ ...records, cookieSecret: secretKeys.tornado }),
    defaults,
    cookie,
  });
  const fastapi = createSessions({
    name: "fastapi",
    store: starletteSessions({ secretKey: secretKeys.fastapi, sessionCookie: "fastapi_session" }),
    defaults,
    cookie,
  });

  return {
    flask: { sessions: flask, users: namedUsers },
    django: { sessions: django, users: inDjango },
    tornado: { sessions: tornado, users: namedUsers },
    fastapi: { sessions: fastapi, users: namedUsers },
  };
}
