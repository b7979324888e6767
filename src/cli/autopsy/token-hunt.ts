import { type SessionToken, sessionId } from "../../core/token.ts";
import type { Piece, Source } from "./sources.ts";

/** A token that opens a session of the dump, and where it was. */
export interface FoundToken {
  readonly token: string;
  readonly id: string;
  /** The manager whose session it is. */
  readonly name: string;
  readonly source: Source;
  readonly offset: number;
  readonly spelling: Spelling;
}

/** How a token was written down. */
export type Spelling =
  | "text"
  | "UTF-16"
  | "hexadecimal digits"
  | "32 bytes"
  | "within base64"
  | "within hexadecimal digits";

const TOKEN_LENGTH = 43;
const TOKEN_BYTES = 32;
/** Of either base64 alphabet; longer runs hold a token perhaps somewhere inside. */
const RUNS = /[A-Za-z0-9+/_-]{43,}/g;
const HEX_RUNS = /[0-9A-Fa-f]{64,}/g;
const LAST = /[AEIMQUYcgkosw048]/;
/** Base64 of less holds no token's text; of hexadecimal digits likewise. */
const LEAST_BASE64 = 58;
const LEAST_HEX = 2 * TOKEN_LENGTH;
/** Of 32 random bytes fewer than 25 differ once in five thousand times; code, text and pointers have fewer. */
const LEAST_DISTINCT = 25;

/** Looks for whatever hashes to the id of a session, in every spelling that programs leave behind. */
export class TokenHunt {
  readonly found: Map<string, FoundToken> = new Map();
  readonly #ids: ReadonlySet<string>;
  readonly #names: readonly string[];

  constructor(ids: ReadonlySet<string>, names: readonly string[]) {
    this.#ids = ids;
    this.#names = names;
  }

  search(source: Source, { bytes, offset }: Piece): void {
    if (this.#ids.size === 0) return;
    const at = { source, offset };
    const text = bytes.toString("latin1");
    this.#searchText(text, at, "text", 1);
    for (const parity of [0, 1]) {
      const wide = bytes.toString("utf16le", parity);
      this.#searchText(wide, { source, offset: offset + parity }, "UTF-16", 2);
    }
    this.#searchHex(text, at);
    this.#searchBase64(text, at);
    this.#searchBytes(bytes, at, "32 bytes");
  }

  #searchText(text: string, { source, offset }: Place, spelling: Spelling, width: number): void {
    for (const { 0: run, index } of text.matchAll(RUNS)) {
      for (let start = 0; start + TOKEN_LENGTH <= run.length; start += 1) {
        if (!LAST.test(run.charAt(start + TOKEN_LENGTH - 1))) continue;
        const token = run
          .slice(start, start + TOKEN_LENGTH)
          .replaceAll("+", "-")
          .replaceAll("/", "_");
        this.#try(token, { source, offset: offset + (index + start) * width }, spelling);
      }
    }
  }

  #searchHex(text: string, { source, offset }: Place): void {
    for (const { 0: run, index } of text.matchAll(HEX_RUNS)) {
      const at = { source, offset: offset + index };
      for (const phase of [0, 1]) {
        const bytes = Buffer.from(run.slice(phase), "hex");
        this.#searchBytes(bytes, at, "hexadecimal digits");
        if (run.length < LEAST_HEX) continue;
        this.#searchText(bytes.toString("latin1"), at, "within hexadecimal digits", 0);
      }
    }
  }

  /** A header that was logged or stored as base64, wherever in it the token begins. */
  #searchBase64(text: string, { source, offset }: Place): void {
    for (const { 0: run, index } of text.matchAll(RUNS)) {
      if (run.length < LEAST_BASE64) continue;
      for (const phase of [0, 1, 2, 3]) {
        const inside = Buffer.from(run.slice(phase), "base64").toString("latin1");
        this.#searchText(inside, { source, offset: offset + index }, "within base64", 0);
      }
    }
  }

  /** Every 32 bytes that might be random. */
  #searchBytes(bytes: Buffer, { source, offset }: Place, spelling: Spelling): void {
    const window = new Distinct();
    for (let end = 0; end < bytes.length; end += 1) {
      window.enter(bytes[end] ?? 0);
      const start = end - TOKEN_BYTES + 1;
      if (start < 0) continue;
      if (window.size >= LEAST_DISTINCT) {
        const token = bytes.toString("base64url", start, end + 1);
        this.#try(token, { source, offset: offset + start }, spelling);
      }
      window.leave(bytes[start] ?? 0);
    }
  }

  #try(token: string, { source, offset }: Place, spelling: Spelling): void {
    for (const name of this.#names) {
      const id = sessionId(token as SessionToken, name);
      if (!this.#ids.has(id) || this.found.has(`${token} ${source.path}`)) continue;
      this.found.set(`${token} ${source.path}`, { token, id, name, source, offset, spelling });
    }
  }
}

interface Place {
  readonly source: Source;
  readonly offset: number;
}

/** How many different bytes are in a window. */
class Distinct {
  size = 0;
  readonly #counts = new Uint32Array(256);

  enter(byte: number): void {
    const count = this.#counts[byte] ?? 0;
    if (count === 0) this.size += 1;
    this.#counts[byte] = count + 1;
  }

  leave(byte: number): void {
    const count = this.#counts[byte] ?? 0;
    if (count === 1) this.size -= 1;
    this.#counts[byte] = count - 1;
  }
}
