import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
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
} from "../../core/token.ts";
import type { ExchangedCookie } from "../cookie-exchange.ts";
import type { CookieSealer, LastSeen } from "./cookie-sealer.ts";
import type { Brought, Cookies, ExchangedCookies, SealedText } from "./cookies.ts";
import { type Payload, readPayload, written } from "./payload.ts";
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

  mayArrive(request: RequestHead): boolean {
    return this.#tools.cookies.rules.mayBring(request);
  }

  prepare(): void {
    this.#tools.sealer.seal("", 1);
  }
}

const NOTHING: readonly Rejection[] = [];
const NOBODY: readonly Identity[] = [];
const NEVER: readonly LastSeen[] = [];

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
  #rejected: readonly Rejection[] = NOTHING;
  /** The tokens that were drawn here. */
  #issued: readonly Identity[] = NOBODY;

  constructor(tools: CookieTools, exchange: Exchange, home: Home) {
    this.#tools = tools;
    this.#cookies = tools.cookies.on(exchange);
    this.#held = new RequestRecords(tools.revocations, tools.cookies.room);
    this.records = home.over(this.#held);
    const brought = this.#cookies.read();
    if (brought.refused !== undefined) this.#reject(brought.refused);
    const payloads = this.#payloadsIn(brought);
    this.hasSurplus = brought.hasSurplus || (payloads.length > 0 && this.#cookies.seen.hasSurplus);
    for (const payload of payloads) this.#held.arrive(payload);
    // Of several copies of one session the first one counts.
    const arrived = payloads.filter((payload) => this.#held.held(payload.id)?.payload === payload);
    this.presented = candidatesOf(arrived);
    this.untried = arrived.length - this.presented.length;
  }

  get rejected(): readonly Rejection[] {
    return this.#rejected;
  }

  get obstacle(): string | undefined {
    return this.#cookies.obstacle;
  }

  issue(): Identity {
    const identity = newIdentity(this.#tools.random, this.#tools.name);
    this.#issued = [...this.#issued, identity];
    return identity;
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
    const isIt = ({ token }: Identity): boolean => token === text;
    const identity = this.#issued.find(isIt) ?? this.presented.find(isIt);
    const held = identity && this.#held.held(identity.id);
    const token = text && parseToken(text);
    if (held?.stored.kind === "live" && token) this.#seal(token, held, held.stored, maxAgeMs);
  }

  #seal(
    token: SessionToken,
    held: Held,
    record: SessionRecord,
    maxAgeMs: number | undefined,
  ): void {
    const { cookies, sealer } = this.#tools;
    const text = written(token, record, held.wasPersistent);
    const count = held.count ?? cookiesFor(text, record, cookies.room);
    this.#cookies.send({ text: sealer.seal(text, count), count }, maxAgeMs);
  }

  /** The idle clock has a cookie of its own: a reader does not send the data again. */
  #sendTouch(id: SessionId, maxAgeMs: number | undefined): void {
    const held = this.#held.held(id);
    if (held?.stored.kind !== "live") return;
    const { lastSeenAt } = held.stored;
    this.#cookies.seen.send(this.#tools.sealer.sealLastSeen({ id, lastSeenAt }), maxAgeMs);
    // The one occasion for a reader to send data: else an old key could never be put away.
    const { payload } = held;
    if (payload?.isCurrent === false) this.#seal(payload.token, held, held.stored, maxAgeMs);
  }

  /**
   * With what the idle clock's cookie says; the one that was used last comes first. Of two copies of
   * one session the one that was sealed later: its data is the newer.
   */
  #payloadsIn({ sealed }: Brought): readonly Payload[] {
    const payloads = sealed.flatMap((candidate) => this.#open(candidate) ?? []);
    if (payloads.length === 0) return payloads;
    const lastSeen = this.#lastSeenIn(this.#cookies.seen);
    if (payloads.length === 1) return payloads.map((payload) => seenAgain(payload, lastSeen));
    return payloads
      .sort(byUse)
      .map((payload) => seenAgain(payload, lastSeen))
      .sort(byUse);
  }

  #open(candidate: SealedText): Payload | undefined {
    const { sealer, name, longestMs } = this.#tools;
    const opening = sealer.open(candidate);
    if (opening.kind !== "opened") return void this.#reject(opening.kind);
    return readPayload(opening, name, longestMs) ?? void this.#reject("malformed");
  }

  #reject(reason: Rejection): void {
    if (!this.#rejected.includes(reason)) this.#rejected = [...this.#rejected, reason];
  }

  #lastSeenIn({ values, refused }: ExchangedCookie): readonly LastSeen[] {
    if (values.length === 0 && refused === undefined) return NEVER;
    if (refused !== undefined) this.#reject(refused);
    return candidatesOf(values).flatMap((value) => {
      const opened = this.#tools.sealer.openLastSeen(value);
      if (!("kind" in opened)) return opened;
      this.#reject(opened.kind);
      return [];
    });
  }
}

function byUse({ record: one }: Payload, { record: other }: Payload): number {
  return other.lastSeenAt - one.lastSeenAt;
}

/** The later of the two counts: responses may arrive in any order. */
function seenAgain(payload: Payload, lastSeen: readonly LastSeen[]): Payload {
  if (lastSeen.length === 0) return payload;
  const { record } = payload;
  const times = lastSeen.filter(({ id }) => id === record.id).map(({ lastSeenAt }) => lastSeenAt);
  const lastSeenAt = Math.max(record.lastSeenAt, ...times);
  return lastSeenAt === record.lastSeenAt ? payload : payload.seenAt(lastSeenAt);
}
