import type { Row } from "./columns.ts";

/** Who is here: one manager's live records, by user. What has expired counts until it is removed. */
export class UserIndex {
  /** Most users have one session: a set for it would take more than the session's own columns. */
  readonly #users = new Map<string, Row | Set<Row>>();
  /** The sessions of users who have more than their share, those written longest ago first. */
  readonly #crowds = new Set<Set<Row>>();
  readonly #share: number;
  #size = 0;

  constructor(share: number) {
    this.#share = share;
  }

  get size(): number {
    return this.#size;
  }

  /** A session of a user who has more than their share; every further one is another's room. */
  get surplus(): Row | undefined {
    for (const rows of this.#crowds) for (const row of rows) return row;
    return undefined;
  }

  rowsOf(userId: string): Iterable<Row> {
    const rows = this.#users.get(userId) ?? [];
    return typeof rows === "number" ? [rows] : rows;
  }

  add(row: Row, userId: string | undefined): void {
    this.#size += 1;
    if (userId === undefined) return;
    const rows = this.#users.get(userId);
    if (rows === undefined) this.#users.set(userId, row);
    else if (typeof rows === "number") this.#put(userId, new Set([rows, row]));
    else this.#put(userId, rows.add(row));
  }

  remove(row: Row, userId: string | undefined): void {
    this.#size -= 1;
    if (userId === undefined) return;
    const rows = this.#users.get(userId);
    if (rows === row) this.#users.delete(userId);
    if (rows === undefined || typeof rows === "number") return;
    rows.delete(row);
    if (rows.size <= this.#share) this.#crowds.delete(rows);
    if (rows.size === 1) for (const last of rows) this.#users.set(userId, last);
  }

  /** It was written last of its user's. */
  renew(row: Row, userId: string): void {
    const rows = this.#users.get(userId);
    if (rows instanceof Set && rows.delete(row)) rows.add(row);
  }

  #put(userId: string, rows: Set<Row>): void {
    this.#users.set(userId, rows);
    if (rows.size > this.#share) this.#crowds.add(rows);
  }
}
