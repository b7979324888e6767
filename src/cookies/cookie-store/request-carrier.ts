import type { Carrier, CookieExtras, Presented } from "../../core/carrier.ts";
import { storeExpiryOf } from "../../core/clocks.ts";
import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import { type SessionId, type SessionToken, sessionId } from "../../core/token.ts";
import type { CookieSealer, Sighting } from "./cookie-sealer.ts";
import type { Cookies, Packed } from "./cookies.ts";
import { type Letter, readLetter, written } from "./letter.ts";
import type { RequestRecords } from "./request-records.ts";
import { cookiesFor } from "./size.ts";

/** A header may hold thousands of cookies of our name; a few are opened. */
const MAX_CANDIDATES = 4;

/** What the requests of one manager share. */
export interface CookieTools {
  readonly manager: string;
  readonly cookies: Cookies;
  readonly sealer: CookieSealer;
  /** No session lives longer. */
  readonly longestMs: number;
}

/** Carries the records of one request: opens what came, and seals what stands there at its end. */
export class RequestCarrier implements Carrier {
  readonly #tools: CookieTools;
  readonly #records: RequestRecords;
  readonly #reject: (reason: Rejection) => void;

  constructor(tools: CookieTools, records: RequestRecords, reject: (reason: Rejection) => void) {
    this.#tools = tools;
    this.#records = records;
    this.#reject = reject;
  }

  read(request: RequestHead): Presented {
    const { packed, refused } = this.#tools.cookies.read(request);
    const candidates = packed.slice(0, MAX_CANDIDATES);
    const opened = candidates.flatMap((candidate) => this.#open(candidate) ?? []);
    const letters = opened.length === 0 ? opened : this.#inOrder(opened, request);
    for (const letter of letters) this.#records.arrive(letter);
    return { values: [...new Set(letters.map(({ token }) => token))], refused };
  }

  obstacle(request: RequestHead): string | undefined {
    return this.#tools.cookies.one.obstacle(request);
  }

  send(exchange: Exchange, token: SessionToken, maxAgeMs: number | undefined): void {
    const { cookies, sealer, manager } = this.#tools;
    const held = this.#records.held(sessionId(token, manager));
    if (held?.stored.kind !== "live") return;
    const text = written(token, held.stored, held.wasPersistent);
    const count = cookiesFor(text, held.stored, cookies.room);
    cookies.send(exchange, { text: sealer.seal(text, count), count }, maxAgeMs);
  }

  expire(exchange: Exchange): void {
    this.#tools.cookies.expire(exchange);
  }

  expireStale(exchange: Exchange): void {
    this.#tools.cookies.one.expireStale(exchange);
  }

  /** The idle clock's own cookie: a reader does not send the data again. */
  get extras(): CookieExtras {
    const { touched } = this.#records;
    return {
      isPending: touched !== undefined,
      send: (exchange, maxAgeMs) => {
        if (touched !== undefined) this.#sendTouch(exchange, touched, maxAgeMs);
      },
    };
  }

  #sendTouch(exchange: Exchange, id: SessionId, maxAgeMs: number | undefined): void {
    const held = this.#records.held(id);
    if (held?.stored.kind !== "live") return;
    const { cookies, sealer } = this.#tools;
    const { lastSeenAt } = held.stored;
    cookies.seen.send(exchange, sealer.sealSighting({ id, lastSeenAt }), maxAgeMs);
    // The one occasion for a reader to send data: else an old key could never be put away.
    const { letter } = held;
    if (letter?.isCurrent === false) this.send(exchange, letter.token, maxAgeMs);
  }

  #open(candidate: Packed): Letter | undefined {
    const { sealer, manager, longestMs } = this.#tools;
    const opening = sealer.open(candidate);
    if (opening.kind === "opened") {
      const letter = readLetter(opening, manager, longestMs);
      if (letter === undefined) this.#reject("malformed");
      return letter;
    }
    this.#reject(opening.kind);
    return undefined;
  }

  /** With what the idle clock's cookie says; the one that was used last comes first. */
  #inOrder(letters: readonly Letter[], request: RequestHead): readonly Letter[] {
    const sightings = this.#sightings(request);
    return letters
      .map((letter) => seenAgain(letter, sightings))
      .sort((one, other) => other.record.lastSeenAt - one.record.lastSeenAt);
  }

  #sightings(request: RequestHead): readonly Sighting[] {
    const { cookies, sealer } = this.#tools;
    const { values, refused } = cookies.seen.read(request);
    if (refused !== undefined) this.#reject(refused);
    return values.slice(0, MAX_CANDIDATES).flatMap((value) => {
      const opened = sealer.openSighting(value);
      if (!("kind" in opened)) return opened;
      this.#reject(opened.kind);
      return [];
    });
  }
}

/** The later of the two counts: responses may arrive in any order. */
function seenAgain(letter: Letter, sightings: readonly Sighting[]): Letter {
  const { record } = letter;
  const times = sightings.filter(({ id }) => id === record.id).map(({ lastSeenAt }) => lastSeenAt);
  const lastSeenAt = Math.max(record.lastSeenAt, ...times);
  if (lastSeenAt === record.lastSeenAt) return letter;
  const seen = { ...record, lastSeenAt };
  return { ...letter, record: { ...seen, expiresAt: storeExpiryOf(seen) } };
}
