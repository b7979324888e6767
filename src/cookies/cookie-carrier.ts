import type { Rejection } from "../core/events.ts";
import type { Exchange, RequestHead } from "../core/exchange.ts";
import {
  type Carrier,
  candidatesOf,
  type Farewell,
  type Identity,
  identityOf,
  newIdentity,
  type Passage,
} from "../core/passage.ts";
import type { Home } from "../core/records.ts";
import { parseToken, type RandomBytes, type SessionToken } from "../core/token.ts";
import { CookieExchange, ExchangedCookie } from "./cookie-exchange.ts";
import {
  type CarrierOptions,
  type CookieForms,
  type CookieParts,
  CookieRules,
} from "./cookie-rules.ts";
import { expireStale } from "./stale-cookies.ts";

/** What a carrier takes from outside. */
export interface CarrierParts extends CookieParts {
  readonly random: RandomBytes;
}

/** Carries a session's token in a cookie. */
export class CookieCarrier implements Carrier {
  readonly name: string;
  readonly rules: CookieRules;
  readonly forms: CookieForms;
  readonly #random: RandomBytes;

  constructor(options: CarrierOptions, parts: CarrierParts) {
    this.name = parts.name;
    this.rules = new CookieRules(options, parts);
    this.forms = this.rules.forms();
    this.#random = parts.random;
  }

  arrive(exchange: Exchange, home: Home): CookiePassage {
    return new CookiePassage(this, exchange, home);
  }

  mayArrive(request: RequestHead): boolean {
    return this.rules.mayBring(request);
  }

  issue(): Identity {
    return newIdentity(this.#random, this.name);
  }
}

const NO_TOKENS: readonly SessionToken[] = [];
const NO_IDENTITIES: readonly Identity[] = [];

// Nearly every request brings one cookie or none.

function tokensIn(values: readonly string[]): readonly SessionToken[] {
  const first = values[0];
  if (first === undefined) return NO_TOKENS;
  if (values.length > 1) return values.map(parseToken).filter((token) => token !== undefined);
  const token = parseToken(first);
  return token === undefined ? NO_TOKENS : [token];
}

function identitiesOf(tokens: readonly SessionToken[], manager: string): readonly Identity[] {
  const first = tokens[0];
  if (first === undefined) return NO_IDENTITIES;
  if (tokens.length === 1) return [identityOf(first, manager)];
  return candidatesOf(tokens).map((token) => identityOf(token, manager));
}

const NOTHING: readonly Rejection[] = [];
const MALFORMED: readonly Rejection[] = ["malformed"];

/** A session whose token comes and goes in its cookie, and whose record is in a store. */
export class CookiePassage extends CookieExchange implements Passage {
  readonly presented: readonly Identity[];
  readonly untried: number;
  readonly rejected: readonly Rejection[];
  readonly records: Home;
  readonly writesNeedHeaders = false;
  /** The session's own. */
  readonly cookie: ExchangedCookie;
  readonly #carrier: CookieCarrier;

  constructor(carrier: CookieCarrier, exchange: Exchange, home: Home) {
    super(carrier.rules, exchange);
    this.#carrier = carrier;
    this.records = home;
    this.cookie = new ExchangedCookie(carrier.forms, this);
    const { values, refused } = this.cookie;
    const different = values.length > 1 ? [...new Set(values)] : values;
    const tokens = tokensIn(different);
    this.presented = identitiesOf(tokens, carrier.name);
    this.untried = tokens.length - this.presented.length;
    if (refused !== undefined) this.rejected = [refused];
    else this.rejected = tokens.length < different.length ? MALFORMED : NOTHING;
  }

  get hasSurplus(): boolean {
    return this.cookie.hasSurplus;
  }

  issue(): Identity {
    return this.#carrier.issue();
  }

  leave({ cookie, token, maxAgeMs, stale }: Farewell): boolean {
    if (cookie === "keep" && stale === "none") return false;
    if (this.obstacle !== undefined) return false;
    // First: a browser that takes one of these places for the current one is put right by what follows.
    const brought = stale === "none" ? undefined : this.cookie.brought(stale);
    if (brought !== undefined) expireStale(this.exchange, [brought]);
    if (cookie === "send" && token !== undefined) this.cookie.send(token, maxAgeMs);
    else if (cookie === "expire") this.cookie.expire();
    return true;
  }
}
