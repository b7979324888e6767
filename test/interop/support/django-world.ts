import { DatabaseSync } from "node:sqlite";
import {
  createSessions,
  type ErrorListener,
  type Session,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { type DjangoSessionsOptions, djangoSessions } from "../../../src/interop/django/index.ts";
import type { PasswordOf } from "../../../src/interop/django/known-passwords.ts";
import { Browser } from "../../laws/support/browser.ts";
import { PythonSite } from "./python-site.ts";
import type { SiteName } from "./python-sites.ts";
import type { SiteServers } from "./site-servers.ts";

/** Which of Django's engines, and where. */
export type EngineOptions = DistributiveOmit<
  DjangoSessionsOptions,
  "secretKey" | "version" | "passwordOf"
>;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Options beyond those. */
export type More = Partial<
  Pick<DjangoSessionsOptions, "passwordOf" | "sessionSaveEveryRequest">
> & {
  readonly onError?: ErrorListener;
};

/** A Django site, and sessions here that are shared with it. */
export class DjangoWorld {
  readonly site: PythonSite;
  readonly #engine: EngineOptions;
  readonly passwordOf: PasswordOf;

  constructor(site: PythonSite, engine: EngineOptions, passwordOf: PasswordOf) {
    this.site = site;
    this.#engine = engine;
    this.passwordOf = passwordOf;
  }

  static async start(
    name: SiteName,
    servers: SiteServers,
    engineOf: (site: PythonSite) => EngineOptions | Promise<EngineOptions>,
    passwordOf?: PasswordOf,
  ): Promise<DjangoWorld> {
    const site = await PythonSite.start(name, servers);
    return new DjangoWorld(site, await engineOf(site), passwordOf ?? passwordsIn(site));
  }

  open({ onError = () => undefined, ...more }: More = {}): Sessions<Untyped> {
    const { secret: secretKey } = this.site;
    const options = { ...this.#engine, secretKey, version: "3.1", passwordOf: this.passwordOf };
    const store = djangoSessions({ ...options, ...more } as DjangoSessionsOptions);
    // Tests share the machine with many others.
    return createSessions({ store, onError, storeTimeout: "30s" });
  }

  browser(sessions: Sessions<Untyped>): Browser {
    return new Browser(sessions);
  }
}

/** The application's own values, as the site shows them too. */
export function shown(session: Session<Untyped>): unknown {
  const values = [...session.entries()].filter(([key]) => !/^(?:_|odd_)/.test(key));
  return { userId: session.userId ?? null, values: Object.fromEntries(values) };
}

/** The users' table of a site that has it in SQLite. */
function passwordsIn(site: PythonSite): PasswordOf {
  return async (userId) => {
    const database = new DatabaseSync(`${site.folder}/site.sqlite`, { timeout: 5_000 });
    const sql = "SELECT password FROM auth_user WHERE id = ? AND is_active";
    const row = database.prepare(sql).get(userId);
    database.close();
    return row?.["password"] as string | undefined;
  };
}
