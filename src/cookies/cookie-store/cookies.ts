import { candidatesOf } from "../../core/candidates.ts";
import type { Presented } from "../../core/carrier.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import {
  type CarrierOptions,
  type CarrierParts,
  type CookieCarrier,
  cookieCarrier,
} from "../cookie-carrier.ts";
import { expireStale } from "../stale-cookies.ts";
import { COUNT_LENGTH, chunkLength, type Room } from "./size.ts";

/** A sealed text as the request's cookies hold it, and how many of them. */
export interface Packed {
  readonly text: string;
  readonly count: number;
}

/** What of a session's own cookies a request brought. */
export interface Brought {
  readonly packed: readonly Packed[];
  readonly refused: Presented["refused"];
  readonly hasSurplus: boolean;
}

/** Chunks of several sessions, or of several places, go together in more ways than are tried. */
const MAX_COMBINATIONS = 16;

/** The cookies of one manager: one for the session or several chunks of it, one for its idle clock. */
export class Cookies {
  readonly one: CookieCarrier;
  /** Moves the idle clock without sending the data again. */
  readonly seen: CookieCarrier;
  readonly room: Room;
  readonly #chunks: readonly CookieCarrier[];

  constructor(
    options: CarrierOptions,
    parts: CarrierParts,
    { chunks, maxBytes }: Pick<Room, "chunks" | "maxBytes">,
  ) {
    const named = (suffix: string): CookieCarrier =>
      cookieCarrier(options, { ...parts, name: parts.name + suffix });
    this.one = named("");
    this.seen = named("-seen");
    this.#chunks = chunks === 1 ? [] : Array.from({ length: chunks }, (_, at) => named(`-${at}`));
    const longest = this.#chunks[0] ?? this.one;
    this.room = { chunks, maxBytes, nameLength: longest.cookieName.length };
  }

  read(request: RequestHead): Brought {
    const { values, refused, hasSurplus } = this.one.read(request);
    const packed = candidatesOf(values).map((text) => ({ text, count: 1 }));
    if (refused !== undefined || this.#chunks.length === 0) return { packed, refused, hasSurplus };
    const chunked = this.#readChunks(request, packed.length > 0);
    return {
      packed: [...packed, ...chunked.packed],
      refused: chunked.refused,
      hasSurplus: hasSurplus || chunked.hasSurplus,
    };
  }

  /** Sends a sealed text in its one cookie, or cut into chunks. Others from before are taken away. */
  send(exchange: Exchange, { text, count }: Packed, maxAgeMs: number | undefined): void {
    if (count === 1) this.one.send(exchange, text, maxAgeMs);
    else {
      this.#sendChunks(exchange, `${count}.${text}`, maxAgeMs);
      if (isPresent(this.one, exchange.request)) this.one.expire(exchange);
    }
    this.#sweep(exchange, count === 1 ? 0 : count);
  }

  /** Takes all of them away. */
  expire(exchange: Exchange): void {
    this.one.expire(exchange);
    this.#sweep(exchange, 0);
    if (isPresent(this.seen, exchange.request)) this.seen.expire(exchange);
  }

  /** Takes away what the browser holds of them in other places. */
  expireStale(exchange: Exchange, which: "surplus" | "all"): void {
    const all = [this.one, this.seen, ...this.#chunks];
    expireStale(
      exchange,
      all.flatMap((cookie) => cookie.brought(exchange.request, which) ?? []),
    );
  }

  #sendChunks(exchange: Exchange, text: string, maxAgeMs: number | undefined): void {
    const length = chunkLength(this.room);
    for (const [at, chunk] of this.#chunks.entries()) {
      const part = text.slice(at * length, (at + 1) * length);
      if (part !== "") chunk.send(exchange, part, maxAgeMs);
    }
  }

  /** A session that shrinks leaves chunks behind. */
  #sweep(exchange: Exchange, from: number): void {
    for (const chunk of this.#chunks.slice(from)) {
      if (isPresent(chunk, exchange.request)) chunk.expire(exchange);
    }
  }

  /**
   * Which chunk is which is told by their names, and how many there are by the first one; the seal
   * lies over both, so what is missing, foreign or in another order does not open.
   */
  #readChunks(request: RequestHead, isOptional: boolean): Brought {
    const read = this.#chunks.map((chunk) => chunk.read(request));
    const [first] = read;
    if (first === undefined || read.every(isAbsent)) return NOTHING;
    const heads = candidatesOf(first.values);
    // What an earlier, larger session left behind beside a whole one.
    if (heads.length === 0 && first.refused === undefined && isOptional) return NOTHING;
    const hasSurplus = read.some((chunk) => chunk.hasSurplus);
    const refused = read.find((chunk) => chunk.refused !== undefined)?.refused;
    if (refused !== undefined) return { packed: [], refused, hasSurplus };
    const packed = heads.flatMap((head) => combined(head, read)).slice(0, MAX_COMBINATIONS);
    return { packed, refused: packed.length === 0 ? "malformed" : undefined, hasSurplus };
  }
}

const NOTHING: Brought = { packed: [], refused: undefined, hasSurplus: false };

function isAbsent({ values, refused }: Presented): boolean {
  return values.length === 0 && refused === undefined;
}

/** The texts that begin with this chunk; none where one of the others is missing. */
function combined(head: string, read: readonly Presented[]): Packed[] {
  const count = countIn(head) ?? 0;
  const others = read.slice(1, count).map(({ values }) => candidatesOf(values));
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

function isPresent(cookie: CookieCarrier, request: RequestHead): boolean {
  const { values, hasSurplus } = cookie.read(request);
  return values.length > 0 || hasSurplus;
}
