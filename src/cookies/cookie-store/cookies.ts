import type { Rejection } from "../../core/events.ts";
import type { Exchange } from "../../core/exchange.ts";
import { candidatesOf, type Farewell } from "../../core/passage.ts";
import { CookieExchange, ExchangedCookie } from "../cookie-exchange.ts";
import {
  type CarrierOptions,
  type CookieForms,
  type CookieParts,
  CookieRules,
} from "../cookie-rules.ts";
import { expireStale } from "../stale-cookies.ts";
import { COUNT_LENGTH, chunkLength, type Room } from "./size.ts";

/** A sealed text as the request's cookies hold it, and how many of them. */
export interface SealedText {
  readonly text: string;
  readonly count: number;
}

/** What of a session's own cookies a request brought. */
export interface Brought {
  readonly sealed: readonly SealedText[];
  readonly refused: Rejection | undefined;
  readonly hasSurplus: boolean;
}

/** Chunks of several sessions, or of several places, go together in more ways than are tried. */
const MAX_COMBINATIONS = 16;

/** The cookies of one manager: one for the session or several chunks of it, one for its idle clock. */
export class Cookies {
  readonly rules: CookieRules;
  readonly one: CookieForms;
  readonly seen: CookieForms;
  readonly chunks: readonly CookieForms[];
  readonly room: Room;

  constructor(
    options: CarrierOptions,
    parts: CookieParts,
    { chunks, maxBytes }: Pick<Room, "chunks" | "maxBytes">,
  ) {
    this.rules = new CookieRules(options, parts);
    this.one = this.rules.forms();
    this.seen = this.rules.forms("-seen");
    this.chunks =
      chunks === 1 ? [] : Array.from({ length: chunks }, (_, at) => this.rules.forms(`-${at}`));
    const longest = this.chunks[0] ?? this.one;
    this.room = { chunks, maxBytes, nameLength: longest.full.name.length };
  }

  on(exchange: Exchange): ExchangedCookies {
    return new ExchangedCookies(this, exchange);
  }
}

/** The cookies of one request and its response. */
export class ExchangedCookies {
  /** Moves the idle clock without sending the data again. */
  readonly seen: ExchangedCookie;
  readonly #around: CookieExchange;
  readonly #one: ExchangedCookie;
  readonly #chunks: readonly ExchangedCookie[];
  readonly #room: Room;

  constructor({ rules, one, seen, chunks, room }: Cookies, exchange: Exchange) {
    const around = new CookieExchange(rules, exchange);
    this.#around = around;
    this.#one = new ExchangedCookie(one, around);
    this.seen = new ExchangedCookie(seen, around);
    this.#chunks = chunks.map((chunk) => new ExchangedCookie(chunk, around));
    this.#room = room;
  }

  get obstacle(): string | undefined {
    return this.#around.obstacle;
  }

  read(): Brought {
    const { values, refused, hasSurplus } = this.#one;
    const sealed = candidatesOf(values).map((text) => ({ text, count: 1 }));
    if (refused !== undefined || this.#chunks.length === 0) return { sealed, refused, hasSurplus };
    const chunked = this.#readChunks(sealed.length > 0);
    return {
      sealed: [...sealed, ...chunked.sealed],
      refused: chunked.refused,
      hasSurplus: hasSurplus || chunked.hasSurplus,
    };
  }

  /** Sends a sealed text in its one cookie, or cut into chunks. Others from before are taken away. */
  send({ text, count }: SealedText, maxAgeMs: number | undefined): void {
    if (count === 1) this.#one.send(text, maxAgeMs);
    else {
      this.#sendChunks(`${count}.${text}`, maxAgeMs);
      if (this.#one.isPresent) this.#one.expire();
    }
    this.#sweep(count === 1 ? 0 : count);
  }

  /** Takes all of them away. */
  expire(): void {
    this.#one.expire();
    this.#sweep(0);
    if (this.seen.isPresent) this.seen.expire();
  }

  /** Takes away what the browser holds of them in other places. */
  expireStale(which: Exclude<Farewell["stale"], "none">): void {
    const all = [this.#one, this.seen, ...this.#chunks];
    const brought = all.flatMap((cookie) => cookie.brought(which) ?? []);
    expireStale(this.#around.exchange, brought);
  }

  #sendChunks(text: string, maxAgeMs: number | undefined): void {
    const length = chunkLength(this.#room);
    for (const [at, chunk] of this.#chunks.entries()) {
      const part = text.slice(at * length, (at + 1) * length);
      if (part !== "") chunk.send(part, maxAgeMs);
    }
  }

  /** A session that shrinks leaves chunks behind. */
  #sweep(from: number): void {
    for (const chunk of this.#chunks.slice(from)) if (chunk.isPresent) chunk.expire();
  }

  /**
   * Which chunk is which is told by their names, and how many there are by the first one; the seal
   * lies over both, so what is missing, foreign or in another order does not open.
   */
  #readChunks(isOptional: boolean): Brought {
    const chunks = this.#chunks;
    const [first] = chunks;
    if (first === undefined || chunks.every(isAbsent)) return NOTHING;
    const heads = candidatesOf(first.values);
    // What an earlier, larger session left behind beside a whole one.
    if (heads.length === 0 && first.refused === undefined && isOptional) return NOTHING;
    const hasSurplus = chunks.some((chunk) => chunk.hasSurplus);
    const refused = chunks.find((chunk) => chunk.refused !== undefined)?.refused;
    if (refused !== undefined) return { sealed: [], refused, hasSurplus };
    const sealed = heads.flatMap((head) => combined(head, chunks)).slice(0, MAX_COMBINATIONS);
    return { sealed, refused: sealed.length === 0 ? "malformed" : undefined, hasSurplus };
  }
}

const NOTHING: Brought = { sealed: [], refused: undefined, hasSurplus: false };

function isAbsent({ values, refused }: ExchangedCookie): boolean {
  return values.length === 0 && refused === undefined;
}

/** The texts that begin with this chunk; none where one of the others is missing. */
function combined(head: string, chunks: readonly ExchangedCookie[]): SealedText[] {
  const count = countIn(head) ?? 0;
  const others = chunks.slice(1, count).map(({ values }) => candidatesOf(values));
  if (others.length !== count - 1) return [];
  const texts = others.reduce<readonly string[]>(
    (begun, next) =>
      begun.flatMap((text) => next.map((chunk) => text + chunk)).slice(0, MAX_COMBINATIONS),
    [head.slice(COUNT_LENGTH)],
  );
  return texts.map((text) => ({ text, count }));
}

/** Exactly as it is written: the seal lies over the number, not over how it is spelled. */
function countIn(head: string): number | undefined {
  return /^[2-9]\./.test(head) ? Number(head[0]) : undefined;
}
