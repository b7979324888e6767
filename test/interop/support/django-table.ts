import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions, type Untyped } from "../../../src/index.ts";
import { DjangoAuthHash } from "../../../src/interop/django/django-auth-hash.ts";
import { DjangoSessionData } from "../../../src/interop/django/django-session-data.ts";
import type { DjangoVersion } from "../../../src/interop/django/django-version.ts";
import { type DjangoDatabaseOptions, djangoSessions } from "../../../src/interop/django/index.ts";
import { pythonTime } from "../../../src/interop/places/python-time.ts";
import { PyDict, type PyValue } from "../../../src/interop/python/values.ts";
import { Browser } from "../../laws/support/browser.ts";

export const DAY_MS = 86_400_000;
export const KEY: string = "k".repeat(32);
const SECRET = "the secret key";
const PASSWORD = "pbkdf2_sha256$600000$salt$hash";

/** The table of a Django that does not run, and a clock to set. */
export class DjangoTable {
  readonly database: DatabaseSync = new DatabaseSync(":memory:");
  readonly told: string[] = [];
  readonly asked: string[] = [];
  passwords: Readonly<Record<string, string>> = { "1": PASSWORD, "2": PASSWORD };
  now = Date.UTC(2026, 0, 31, 12);

  constructor() {
    this.database.exec(`CREATE TABLE "django_session" (
      "session_key" varchar(40) NOT NULL PRIMARY KEY,
      "session_data" text NOT NULL, "expire_date" datetime NOT NULL)`);
  }

  open(given: Partial<DjangoDatabaseOptions> = {}): Sessions<Untyped> {
    const store = djangoSessions({
      database: this.database,
      secretKey: SECRET,
      passwordOf: async (userId) => {
        this.asked.push(userId);
        return this.passwords[userId];
      },
      ...given,
    });
    const onError = (error: unknown): unknown => this.told.push(String(error));
    return createSessions({ store, clock: { now: () => this.now }, onError });
  }

  browser(given: Partial<DjangoDatabaseOptions> = {}): Browser {
    return new Browser(this.open(given), [["sessionid", KEY]]);
  }

  /** What a Django of that key would have stored, with the user `"1"` if there is one. */
  put(
    values: Readonly<Record<string, PyValue>>,
    { secretKey = SECRET, version }: Signer = {},
  ): void {
    const signer = { secretKey, ...(version && { version }) };
    const written = new DjangoSessionData(signer).write(
      new PyDict(Object.entries(values)),
      this.now,
    );
    const text = written.ok ? written.text : "";
    const sql = "INSERT OR REPLACE INTO django_session VALUES (?, ?, ?)";
    this.database.prepare(sql).run(KEY, text, pythonTime(this.now + 14 * DAY_MS));
  }

  /** The keys by which Django knows its user `"1"`. */
  signedIn({ secretKey = SECRET, version }: Signer = {}): Readonly<Record<string, PyValue>> {
    const signer = { secretKey, ...(version && { version }) };
    return {
      _auth_user_id: "1",
      _auth_user_backend: "django.contrib.auth.backends.ModelBackend",
      _auth_user_hash: new DjangoAuthHash(signer).of(PASSWORD),
    };
  }

  /** What stands in the table now. */
  found(key: string = KEY, version?: DjangoVersion): Found | undefined {
    const sql =
      "SELECT session_data AS data, expire_date AS ends FROM django_session WHERE session_key = ?";
    const row = this.database.prepare(sql).get(key);
    if (row === undefined) return undefined;
    const text = String(row["data"]);
    const read = new DjangoSessionData({ secretKey: SECRET, ...(version && { version }) }).read(
      text,
    );
    const values = read.ok ? Object.fromEntries(read.session.entries as [string, PyValue][]) : {};
    return { text, values, endsAt: Date.parse(`${String(row["ends"]).slice(0, 23)}Z`) };
  }
}

interface Signer {
  readonly secretKey?: string;
  readonly version?: DjangoVersion;
}

interface Found {
  readonly text: string;
  readonly values: Readonly<Record<string, PyValue>>;
  readonly endsAt: number;
}
