import { CookieTooLargeError } from "../../core/errors.ts";
import type { ForeignRows, Row } from "./foreign-sessions.ts";

/** As browsers hold a cookie: its name and value together. */
const MAX_COOKIE_BYTES = 4_096;

/** The sessions that a request has brought in its cookies. No other request can meet them. */
export class CookieRows implements ForeignRows {
  readonly #cookieName: string;
  readonly #rows = new Map<string, Row>();
  readonly #written = new Set<string>();

  constructor(cookieName: string) {
    this.#cookieName = cookieName;
  }

  /** A session is its own key, until it is written. */
  bring(value: string, row: Row): void {
    this.#rows.set(value, row);
  }

  /** Whether nothing is left in a session that was written. */
  isEmptied(key: string): boolean {
    const row = this.#written.has(key) ? this.#rows.get(key) : undefined;
    return row?.document?.dict.entries.length === 0;
  }

  /** What the cookie of a session is to be; `undefined` where it is gone, or as it came. */
  news(key: string): string | undefined {
    const row = this.#written.has(key) ? this.#rows.get(key) : undefined;
    return row && Buffer.from(row.bytes).toString("latin1");
  }

  async read(key: string): Promise<Row | undefined> {
    return this.#rows.get(key);
  }

  async insert(key: string, after: Row): Promise<boolean> {
    if (this.#rows.has(key)) return false;
    this.#put(key, after);
    return true;
  }

  async replace(key: string, before: Uint8Array, after: Row): Promise<boolean> {
    if (!this.#holds(key, before)) return false;
    this.#put(key, after);
    return true;
  }

  async remove(key: string, before: Uint8Array | undefined): Promise<boolean> {
    if (before !== undefined && !this.#holds(key, before)) return false;
    return this.#rows.delete(key);
  }

  #put(key: string, { bytes, document }: Row): void {
    const size = bytes.length + this.#cookieName.length + 1;
    if (size > MAX_COOKIE_BYTES) {
      const advice = "Keep large values in a store of the application's, under the user's id.";
      throw new CookieTooLargeError(size, MAX_COOKIE_BYTES, "The session", advice);
    }
    this.#rows.set(key, { bytes, endsAt: undefined, document });
    this.#written.add(key);
  }

  #holds(key: string, bytes: Uint8Array): boolean {
    const row = this.#rows.get(key);
    return row !== undefined && Buffer.compare(row.bytes, bytes) === 0;
  }
}
