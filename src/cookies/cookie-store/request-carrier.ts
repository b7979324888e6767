import { candidatesOf } from "../../core/candidates.ts";
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
    const { packed, refused, hasSurplus } = this.#tools.cookies.read(request);
    const opened = this.#opened(packed);
    if (opened.length === 0) return { values: [], refused, hasSurplus };
    const seen = this.#tools.cookies.seen.read(request);
    const letters = this.#inOrder(opened, seen);
    for (const letter of letters) this.#records.arrive(letter);
    return {
      values: [...new Set(letters.map(({ token }) => token))],
      refused,
      hasSurplus: hasSurplus || seen.hasSurplus,
    };
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

  expireStale(exchange: Exchange, which: "surplus" | "all"): void {
    this.#tools.cookies.expireStale(exchange, which);
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

  /** Why some do not open is told once for each reason. */
  #opened(packed: readonly Packed[]): Letter[] {
    const letters: Letter[] = [];
    const reasons = new Set<Rejection>();
    for (const candidate of packed) {
      const letter = this.#open(candidate);
      if (typeof letter === "string") reasons.add(letter);
      else letters.push(letter);
    }
    for (const reason of reasons) this.#reject(reason);
    return letters;
  }

  #open(candidate: Packed): Letter | Rejection {
    const { sealer, manager, longestMs } = this.#tools;
    const opening = sealer.open(candidate);
    if (opening.kind !== "opened") return opening.kind;
    return readLetter(opening, manager, longestMs) ?? "malformed";
  }

  /**
   * With what the idle clock's cookie says; the one that was used last comes first. Of two copies of
   * one session the one that was sealed later: its data is the newer.
   */
  #inOrder(letters: readonly Letter[], seen: Presented): readonly Letter[] {
    const sightings = this.#sightings(seen);
    return letters
      .toSorted(byUse)
      .map((letter) => seenAgain(letter, sightings))
      .sort(byUse);
  }

  #sightings({ values, refused }: Presented): readonly Sighting[] {
    if (refused !== undefined) this.#reject(refused);
    return candidatesOf(values).flatMap((value) => {
      const opened = this.#tools.sealer.openSighting(value);
      if (!("kind" in opened)) return opened;
      this.#reject(opened.kind);
      return [];
    });
  }
}

function byUse({ record: one }: Letter, { record: other }: Letter): number {
  return other.lastSeenAt - one.lastSeenAt;
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
