import { cookieValues } from "../../../cookies/cookie-header.ts";
import type { Rejection } from "../../../core/events.ts";
import type { Exchange, RequestHead } from "../../../core/exchange.ts";
import {
  type Carrier,
  candidatesOf,
  type Farewell,
  type Identity,
  identityOf,
  newIdentity,
  type Passage,
} from "../../../core/passage.ts";
import type { Home } from "../../../core/records.ts";
import type { RandomBytes, SessionToken } from "../../../core/token.ts";
import { Cookie } from "../cookie.ts";
import { knowsTokens } from "../moving/knows-tokens.ts";
import { isSecure } from "../request.ts";
import { SignedIds } from "../signed-ids.ts";
import { SessionExchange } from "./session-exchange.ts";
import { type EngineSettings, newCookie, requestOf } from "./settings.ts";

/**
 * Carries tokens in express-session's signed cookie. What the cookie holds is the token, and its hash
 * the id, whatever made it: sessions that began under express-session go on.
 */
export class SignedCookieCarrier implements Carrier {
  readonly settings: EngineSettings;
  /** The manager's. */
  readonly name: string;
  readonly #random: RandomBytes;

  constructor(settings: EngineSettings, name: string, random: RandomBytes) {
    this.settings = settings;
    this.name = name;
    this.#random = random;
  }

  arrive(exchange: Exchange, home: Home): SignedCookiePassage {
    return new SignedCookiePassage(this, exchange, home);
  }

  mayArrive(request: RequestHead): boolean {
    return request.header("cookie")?.includes(this.settings.name) === true;
  }

  issue(): Identity {
    return newIdentity(this.#random, this.name);
  }

  idsOf(exchange: Exchange): SignedIds {
    const { ids } = this.settings;
    if (ids !== undefined) return ids;
    const secret = exchange instanceof SessionExchange ? exchange.raw.secret : undefined;
    return new SignedIds(secret === undefined ? [] : [secret]);
  }
}

const NOBODY: readonly Identity[] = [];
const NOTHING: readonly Rejection[] = [];

class SignedCookiePassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly hasSurplus = false;
  readonly records: Home;
  readonly writesNeedHeaders = false;
  readonly #carrier: SignedCookieCarrier;
  readonly #exchange: Exchange;

  constructor(carrier: SignedCookieCarrier, exchange: Exchange, home: Home) {
    this.#carrier = carrier;
    this.#exchange = exchange;
    this.records = home;
    const header = exchange.request.header("cookie");
    const values = header === undefined ? [] : cookieValues(header, carrier.settings.name);
    if (values.length === 0) {
      this.presented = NOBODY;
      this.rejected = NOTHING;
      return;
    }
    const ids = carrier.idsOf(exchange);
    const read = [...new Set(values)].map((value) => ids.read(value));
    const tokens = read.filter((token) => token !== undefined && token !== "");
    this.presented = candidatesOf(tokens).map((token) =>
      identityOf(token as SessionToken, carrier.name),
    );
    this.rejected = tokens.length === read.length ? NOTHING : read.flatMap(rejectionOf);
    for (const identity of this.presented) this.#tell(identity);
  }

  get obstacle(): string | undefined {
    return this.#isCarried
      ? undefined
      : 'the cookie has secure: true and this connection is plain HTTP. Behind a proxy that ends TLS, set "trust proxy" in Express, or proxy: true.';
  }

  issue(): Identity {
    const identity = this.#carrier.issue();
    this.#tell(identity);
    return identity;
  }

  leave({ cookie, token }: Farewell): boolean {
    const source = this.#source;
    const isSent = cookie === "send" || (cookie === "keep" && source?.isDue === true);
    if (!(isSent ? token !== undefined : cookie === "expire") || !this.#isCarried) return false;
    const { reply } = this.#exchange;
    if (isSent && token !== undefined) reply.addCookie(this.#line(token));
    else reply.addCookie(this.#lastLine());
    return true;
  }

  /** A store that keeps sessions by their tokens too, as one that moves them does, hears of each. */
  #tell(identity: Identity): void {
    const { store } = this.records.keeper;
    if (!knowsTokens(store)) return;
    const { settings, name } = this.#carrier;
    store.know(identity, name, newCookie(settings, this.#exchange));
  }

  #line(token: string): string {
    const cookie = this.#cookie;
    cookie.maxAge = cookie.originalMaxAge;
    const ids = this.#carrier.idsOf(this.#exchange);
    return cookie.serialize(this.#carrier.settings.name, ids.write(token));
  }

  #lastLine(): string {
    const cookie = new Cookie({ ...this.#cookie.data, expires: new Date(0) } as object);
    return cookie.serialize(this.#carrier.settings.name, "");
  }

  get #source(): SessionExchange["source"] {
    return this.#exchange instanceof SessionExchange ? this.#exchange.source : undefined;
  }

  get #cookie(): Cookie {
    return this.#source?.cookie ?? newCookie(this.#carrier.settings, this.#exchange);
  }

  get #isCarried(): boolean {
    const exchange = this.#exchange;
    const { settings } = this.#carrier;
    const isSent = exchange instanceof SessionExchange;
    const source = this.#source;
    const { secure } = source?.attributes ?? settings.cookieOptions(requestOf(exchange));
    if (!secure || secure === "auto") return true;
    return isSent ? isSecure(exchange.raw, settings.proxy) : exchange.request.isEncrypted !== false;
  }
}

/** Why a cookie of the name is not believed. */
function rejectionOf(token: string | undefined): Rejection[] {
  if (token === undefined) return ["malformed"];
  return token === "" ? ["altered"] : [];
}
