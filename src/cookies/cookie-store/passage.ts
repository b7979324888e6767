import { storeExpiryOf } from "../../core/clocks.ts";

import type { Rejection } from "../../core/events.ts";
import type { Exchange } from "../../core/exchange.ts";
import {
  type Carrier,
  candidatesOf,
  type Farewell,
  type Identity,
  newIdentity,
  type Passage,
} from "../../core/passage.ts";
import type { SessionRecord } from "../../core/record.ts";
import type { Home, Records } from "../../core/records.ts";
import {
  parseToken,
  type RandomBytes,
  type SessionId,
  type SessionToken,
  sessionId,
} from "../../core/token.ts";
import type { ExchangedCookie } from "../cookie-exchange.ts";
import type { CookieSealer, Sighting } from "./cookie-sealer.ts";
import type { Brought, Cookies, ExchangedCookies, Packed } from "./cookies.ts";
import { type Letter, readLetter, written } from "./letter.ts";
import { type Held, RequestRecords } from "./request-records.ts";
import type { Revocations } from "./revocations.ts";
import { cookiesFor } from "./size.ts";

/** What the requests of one manager share. */
export interface CookieTools {
  readonly name: string;
  readonly random: RandomBytes;
  readonly cookies: Cookies;
  readonly sealer: CookieSealer;
  readonly revocations: Revocations | undefined;
  /** No session lives longer. */
  readonly longestMs: number;
}

/** Carries whole sessions in cookies. */
export class CookieStoreCarrier implements Carrier {
  readonly #tools: CookieTools;

  constructor(tools: CookieTools) {
    this.#tools = tools;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new CookieStorePassage(this.#tools, exchange, home);
  }
}

/**
 * A session whose record comes and goes in its cookies: opens what came, and seals what stands there
 * at the request's end.
 */
class CookieStorePassage implements Passage {
  readonly presented: readonly Identity[];
  readonly untried: number;
  readonly hasSurplus: boolean;
  readonly records: Records;
  readonly writesNeedHeaders = true;
  readonly #tools: CookieTools;
  readonly #cookies: ExchangedCookies;
  readonly #held: RequestRecords;
  readonly #rejected = new Set<Rejection>();

  constructor(tools: CookieTools, exchange: Exchange, home: Home) {
    this.#tools = tools;
    this.#cookies = tools.cookies.on(exchange);
    this.#held = new RequestRecords(tools.revocations, tools.cookies.room);
    this.records = home.over(this.#held);
    const brought = this.#cookies.read();
    if (brought.refused !== undefined) this.#rejected.add(brought.refused);
    const letters = this.#lettersIn(brought);
    this.hasSurplus = brought.hasSurplus || (letters.length > 0 && this.#cookies.seen.hasSurplus);
    for (const letter of letters) this.#held.arrive(letter);
    const { arrived } = this.#held;
    this.presented = candidatesOf(arrived).map(({ token, record }) => ({ token, id: record.id }));
    this.untried = arrived.length - this.presented.length;
  }

  get rejected(): readonly Rejection[] {
    return [...this.#rejected];
  }

  get obstacle(): string | undefined {
    return this.#cookies.obstacle;
  }

  issue(): Identity {
    return newIdentity(this.#tools.random, this.#tools.name);
  }

  leave({ cookie, token, maxAgeMs, stale }: Farewell): boolean {
    const { touched } = this.#held;
    if (cookie === "keep" && stale === "none" && touched === undefined) return false;
    if (this.obstacle !== undefined) return false;
    if (stale !== "none") this.#cookies.expireStale(stale);
    if (cookie === "send") this.#send(token, maxAgeMs);
    else if (cookie === "expire") this.#cookies.expire();
    if (touched !== undefined) this.#sendTouch(touched, maxAgeMs);
    return true;
  }

  #send(text: string | undefined, maxAgeMs: number | undefined): void {
    const token = text && parseToken(text);
    const held = token && this.#held.held(sessionId(token, this.#tools.name));
    if (held && held.stored.kind === "live") this.#seal(token, held, held.stored, maxAgeMs);
  }

  #seal(
    token: SessionToken,
    { wasPersistent }: Held,
    record: SessionRecord,
    maxAgeMs: number | undefined,
  ): void {
    const { cookies, sealer } = this.#tools;
    const text = written(token, record, wasPersistent);
    const count = cookiesFor(text, record, cookies.room);
    this.#cookies.send({ text: sealer.seal(text, count), count }, maxAgeMs);
  }

  /** The idle clock has a cookie of its own: a reader does not send the data again. */
  #sendTouch(id: SessionId, maxAgeMs: number | undefined): void {
    const held = this.#held.held(id);
    if (held?.stored.kind !== "live") return;
    const { lastSeenAt } = held.stored;
    this.#cookies.seen.send(this.#tools.sealer.sealSighting({ id, lastSeenAt }), maxAgeMs);
    // The one occasion for a reader to send data: else an old key could never be put away.
    const { letter } = held;
    if (letter?.isCurrent === false) this.#seal(letter.token, held, held.stored, maxAgeMs);
  }

  /**
   * With what the idle clock's cookie says; the one that was used last comes first. Of two copies of
   * one session the one that was sealed later: its data is the newer.
   */
  #lettersIn({ packed }: Brought): readonly Letter[] {
    const letters = packed.flatMap((candidate) => this.#open(candidate) ?? []);
    if (letters.length === 0) return letters;
    const sightings = this.#sightingsIn(this.#cookies.seen);
    if (letters.length === 1) return letters.map((letter) => seenAgain(letter, sightings));
    return letters
      .sort(byUse)
      .map((letter) => seenAgain(letter, sightings))
      .sort(byUse);
  }

  #open(candidate: Packed): Letter | undefined {
    const { sealer, name, longestMs } = this.#tools;
    const opening = sealer.open(candidate);
    if (opening.kind !== "opened") return void this.#rejected.add(opening.kind);
    return readLetter(opening, name, longestMs) ?? void this.#rejected.add("malformed");
  }

  #sightingsIn({ values, refused }: ExchangedCookie): readonly Sighting[] {
    if (refused !== undefined) this.#rejected.add(refused);
    return candidatesOf(values).flatMap((value) => {
      const opened = this.#tools.sealer.openSighting(value);
      if (!("kind" in opened)) return opened;
      this.#rejected.add(opened.kind);
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
