import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { endOf } from "../../../src/core/clocks.ts";
import { StoreError } from "../../../src/core/errors.ts";
import { type JsonObject, parseObject } from "../../../src/core/json.ts";
import type { Identity } from "../../../src/core/passage.ts";
import type { EpochMs, SessionRecord, Tombstone } from "../../../src/core/record.ts";
import type {
  EndOutcome,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../../src/core/store.ts";
import type { CommitId, SessionId } from "../../../src/core/token.ts";
import { type DjangoSigner, isSame } from "./django-signing.ts";

/** Where Django keeps its sessions, and whose they are here. */
export interface DjangoTables {
  readonly database: DatabaseSync;
  readonly signer: DjangoSigner;
  /** The manager's name. */
  readonly manager: string;
}

/** Who is signed in, as Django notes it in a session. */
interface Auth {
  readonly _auth_user_id: string;
  readonly _auth_user_backend: string;
  readonly _auth_user_hash: string;
}

/** What Django has no place for. */
type Ours = Partial<Pick<SessionRecord, "flash" | "createdAt" | "authenticatedAt" | "device">>;

/** In the place of data that cannot be believed: no object, so that nobody takes it for data. */
const UNBELIEVED = '"altered, or of another form"';

/**
 * The rows of `django_session`, by one request's keys. A row's key is its session's secret, and the
 * id its hash: from outside a request no session can be found.
 *
 * Django says when a session ends, and where one ended there is nothing. So the library's notes are
 * not written down: that one takes over from another would ask for the other's tombstone.
 */
export class DjangoStore implements SessionStore {
  readonly profile: StoreProfile = {
    scope: "host",
    durability: "power-loss",
    readYourWrites: "always",
    eviction: "never",
    caveats: ["Where a session ended nothing tells of it: a late request is a new visitor's."],
  };
  readonly #tables: DjangoTables;
  readonly #keys = new Map<SessionId, string>();
  /** The texts that versions stand for: a row has none, as Django would not write it anew. */
  readonly #texts = new Map<CommitId, string>();
  readonly #auths = new Map<string, Auth | undefined>();

  constructor(tables: DjangoTables) {
    this.#tables = tables;
  }

  /** From here on there is a session of this id. */
  know({ id, token }: Identity): void {
    this.#keys.set(id, token);
  }

  async load(id: SessionId, { now }: StoreCall): Promise<SessionRecord | undefined> {
    return this.#find(id, now);
  }

  async create(record: SessionRecord, { now }: StoreCall): Promise<"created" | "taken"> {
    const key = this.#keys.get(record.id);
    if (key === undefined) throw new StoreError("create", "failed", "nobody drew a key for it");
    const sql = `
      INSERT INTO django_session (session_key, session_data, expire_date) VALUES (?, ?, ?)
      ON CONFLICT (session_key) DO UPDATE
      SET session_data = excluded.session_data, expire_date = excluded.expire_date
      WHERE expire_date <= ?`;
    const changes = this.#run(
      sql,
      key,
      this.#textOf(record, now),
      dateOf(endOf(record)),
      dateOf(now),
    );
    return changes === 1 ? "created" : "taken";
  }

  async update(
    record: SessionRecord,
    expected: CommitId,
    { now }: StoreCall,
  ): Promise<UpdateOutcome> {
    const sql = `
      UPDATE django_session SET session_data = ?, expire_date = ?
      WHERE session_key = ? AND session_data = ? AND expire_date > ?`;
    const [text, before] = [this.#textOf(record, now), this.#texts.get(expected)];
    const where = [this.#keys.get(record.id), before, dateOf(now)];
    if (this.#run(sql, text, dateOf(endOf(record)), ...where) === 1) return { kind: "updated" };
    return this.#missed(record.id, now);
  }

  async end(
    { id }: Tombstone,
    expected: CommitId | undefined,
    { now }: StoreCall,
  ): Promise<EndOutcome> {
    const [key, until] = [this.#keys.get(id), dateOf(now)];
    const sql = "DELETE FROM django_session WHERE session_key = ? AND expire_date > ?";
    const changes =
      expected === undefined
        ? this.#run(sql, key, until)
        : this.#run(`${sql} AND session_data = ?`, key, until, this.#texts.get(expected));
    return changes === 1 ? { kind: "ended" } : this.#missed(id, now);
  }

  #missed(id: SessionId, now: EpochMs): Exclude<UpdateOutcome, { readonly kind: "updated" }> {
    const current = this.#find(id, now);
    const isThere = current !== undefined && current.data !== UNBELIEVED;
    return isThere ? { kind: "conflict", current } : { kind: "gone", tombstone: undefined };
  }

  #find(id: SessionId, now: EpochMs): SessionRecord | undefined {
    const row = this.#get(
      "SELECT session_data, expire_date FROM django_session WHERE session_key = ? AND expire_date > ?",
      this.#keys.get(id),
      dateOf(now),
    );
    if (row === undefined) return undefined;
    const text = String(row["session_data"]);
    const expiresAt = Date.parse(`${String(row["expire_date"]).slice(0, 23).replace(" ", "T")}Z`);
    return this.#recordOf(id, text, expiresAt, now);
  }

  #recordOf(
    id: SessionId,
    text: string,
    expiresAt: EpochMs,
    now: EpochMs,
  ): SessionRecord | undefined {
    const { signer, manager } = this.#tables;
    const { json = UNBELIEVED, signedAt = now } = signer.unsign(text) ?? {};
    const document = holdsBigInteger(json) ? undefined : parseObject(json);
    const { values, userId, authHash, ours } = split(document ?? {});
    // As Django does: a new password ends the sessions of the old one.
    if (userId !== undefined) {
      const expected = this.#authOf(userId)?._auth_user_hash;
      if (expected === undefined || !isSame(authHash, expected)) return undefined;
    }
    // It ends when Django says so, whatever happens until then.
    const createdAt = ours.createdAt ?? signedAt;
    return {
      kind: "live",
      id,
      manager,
      version: this.#versionOf(text),
      earlier: "",
      data: document === undefined ? UNBELIEVED : JSON.stringify(values),
      flash: ours.flash ?? "",
      notes: undefined,
      userId,
      createdAt,
      lastSeenAt: signedAt,
      authenticatedAt: ours.authenticatedAt,
      // The default of SESSION_EXPIRE_AT_BROWSER_CLOSE.
      persistent: values["_session_expiry"] !== 0,
      device: ours.device,
      idleTimeoutMs: expiresAt - signedAt,
      absoluteTimeoutMs: expiresAt - createdAt,
      expiresAt,
    };
  }

  #textOf(record: SessionRecord, now: EpochMs): string {
    const { userId, persistent, version, flash, createdAt, authenticatedAt, device } = record;
    const { values } = split(parseObject(record.data) ?? {});
    if (!persistent) values["_session_expiry"] = 0;
    else if (values["_session_expiry"] === 0) delete values["_session_expiry"];
    const auth = userId === undefined ? undefined : this.#authOf(userId);
    if (auth === undefined && userId !== undefined) {
      throw new StoreError("update", "failed", "Django has no such user");
    }
    const ours: Ours = { flash, createdAt, authenticatedAt, device };
    const text = this.#tables.signer.sign(
      JSON.stringify({ ...values, ...auth, _sojourn: ours }),
      now,
    );
    this.#texts.set(version, text);
    return text;
  }

  /** That of a text which this request has written, or its hash. */
  #versionOf(text: string): CommitId {
    for (const [version, written] of this.#texts) if (written === text) return version;
    const version = createHash("sha256").update(text).digest("base64url") as CommitId;
    this.#texts.set(version, text);
    return version;
  }

  /** As this request has found it first: a password that is changed meanwhile ends what it writes. */
  #authOf(userId: string): Auth | undefined {
    if (this.#auths.has(userId)) return this.#auths.get(userId);
    const row = this.#get("SELECT password FROM auth_user WHERE id = ? AND is_active", userId);
    const auth = row && {
      _auth_user_id: userId,
      _auth_user_backend: "django.contrib.auth.backends.ModelBackend",
      _auth_user_hash: this.#tables.signer.authHash(String(row["password"])),
    };
    this.#auths.set(userId, auth);
    return auth;
  }

  #get(sql: string, ...values: (string | undefined)[]): Record<string, unknown> | undefined {
    return this.#tables.database.prepare(sql).get(...values.map(orNull));
  }

  #run(sql: string, ...values: (string | undefined)[]): number {
    return Number(this.#tables.database.prepare(sql).run(...values.map(orNull)).changes);
  }
}

/** What the application sees of a session, and what it does not. */
function split(document: Readonly<JsonObject>): {
  readonly values: JsonObject;
  readonly userId: string | undefined;
  readonly authHash: string;
  readonly ours: Ours;
} {
  const { _auth_user_id, _auth_user_backend, _auth_user_hash, _sojourn, ...values } = document;
  const userId = _auth_user_id === undefined ? undefined : String(_auth_user_id);
  return { values, userId, authHash: String(_auth_user_hash), ours: (_sojourn ?? {}) as Ours };
}

/** Python's integers may be longer than a number here: better no session than another value. */
function holdsBigInteger(json: string): boolean {
  const numbers = json.replace(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.some((text) => /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)));
}

/** As Django writes it to SQLite: UTC, with microseconds. */
function dateOf(instant: EpochMs): string {
  return new Date(instant).toISOString().replace("T", " ").replace("Z", "000");
}

/** Nothing equals NULL. */
function orNull(value: string | undefined): string | null {
  return value ?? null;
}
