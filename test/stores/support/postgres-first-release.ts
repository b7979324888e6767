import type { Pool } from "pg";
import type { SessionRecord, Tombstone } from "../../../src/core/record.ts";
import type { UserKey } from "../../../src/core/store.ts";
import type { CommitId } from "../../../src/core/token.ts";

/** What the first release of the PostgreSQL store did: its tables, and its statements. */
export class FirstRelease {
  readonly #pool: Pool;
  readonly #table: string;

  private constructor(pool: Pool, table: string) {
    this.#pool = pool;
    this.#table = table;
  }

  static async install(pool: Pool, table: string): Promise<FirstRelease> {
    const release = new FirstRelease(pool, table);
    await release.#run(SCHEMA);
    return release;
  }

  async create(record: SessionRecord): Promise<void> {
    const columns = ["id", ...Object.keys(columnsOf(record))];
    const places = columns.map((_, place) => `$${place + 1}`);
    await this.#run(`INSERT INTO sessions (${columns.join(", ")}) VALUES (${places.join(", ")})`, [
      record.id,
      ...Object.values(columnsOf(record)),
    ]);
  }

  async update(record: SessionRecord, expected: CommitId): Promise<void> {
    const set = Object.keys(columnsOf(record)).map((name, place) => `${name} = $${place + 3}`);
    await this.#run(`UPDATE sessions SET ${set.join(", ")} WHERE id = $1 AND version = $2`, [
      record.id,
      expected,
      ...Object.values(columnsOf(record)),
    ]);
  }

  async end({ id, version, expiresAt, reason, endedAt }: Tombstone): Promise<void> {
    await this.#run(
      `UPDATE sessions SET version = $2, expires_at = $3, reason = $4, ended_at = $5, next = NULL,
         earlier = NULL, data = NULL, flash = NULL, user_id = NULL, created_at = NULL,
         last_seen_at = NULL, authenticated_at = NULL, idle_timeout_ms = NULL,
         absolute_timeout_ms = NULL, persistent = NULL, device = NULL
       WHERE id = $1 AND reason IS NULL`,
      [id, version, expiresAt, reason, endedAt],
    );
  }

  async raiseGeneration({ manager, userId }: UserKey): Promise<void> {
    await this.#run(
      `INSERT INTO sessions_generations AS known (manager, user_id, generation) VALUES ($1, $2, 1)
       ON CONFLICT (user_id, manager) DO UPDATE SET generation = known.generation + 1`,
      [manager, userId],
    );
  }

  async #run(text: string, values: readonly unknown[] = []): Promise<void> {
    await this.#pool.query(text.replaceAll("sessions", this.#table), [...values]);
  }
}

function columnsOf(record: SessionRecord): Readonly<Record<string, unknown>> {
  return {
    manager: record.manager,
    version: record.version,
    expires_at: record.expiresAt,
    earlier: record.earlier,
    data: record.data,
    flash: record.flash,
    user_id: record.userId,
    created_at: record.createdAt,
    last_seen_at: record.lastSeenAt,
    authenticated_at: record.authenticatedAt,
    idle_timeout_ms: record.idleTimeoutMs,
    absolute_timeout_ms: record.absoluteTimeoutMs,
    persistent: record.persistent,
    device: record.device,
  };
}

const SCHEMA = `
CREATE TABLE sessions_meta (name text NOT NULL PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE sessions (
  expires_at bigint NOT NULL,
  created_at bigint,
  last_seen_at bigint,
  authenticated_at bigint,
  idle_timeout_ms bigint,
  absolute_timeout_ms bigint,
  ended_at bigint,
  persistent boolean,
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  manager text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  earlier text,
  data json,
  flash text,
  user_id text COLLATE "C",
  device text,
  reason text,
  next text
);
CREATE INDEX sessions_by_user ON sessions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE TABLE sessions_generations (
  manager text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  PRIMARY KEY (user_id, manager)
);
INSERT INTO sessions_meta VALUES ('version', 1);
`;
