import type { Environment } from "../../core/environment.ts";
import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import {
  type Carrier,
  type Farewell,
  type Identity,
  identityOf,
  newIdentity,
  type Passage,
} from "../../core/passage.ts";
import type { Home } from "../../core/records.ts";
import { parseToken, type RandomBytes } from "../../core/token.ts";
import { type CarrierOptions, type Connection, CookieRules } from "../cookie-rules.ts";

/** Where a token comes from and goes to. */
export interface BearerHeaders {
  /** The request's header, in lower case, that is no `Authorization`. */
  readonly own: string | undefined;
  /** The request's header as it is written. */
  readonly asked: string;
  /** The response's header. */
  readonly answer: string;
}

/** RFC 9110, 11.1: the scheme in any case, and then spaces. */
const BEARER = /^bearer(?![^ \t])/i;

/** Carries a session's token in headers. */
export class BearerCarrier implements Carrier {
  readonly vary: readonly string[];
  readonly headers: BearerHeaders;
  /** What a connection may carry is one question for all that opens a session. */
  readonly rules: CookieRules;
  readonly name: string;
  readonly #random: RandomBytes;

  constructor(
    headers: BearerHeaders,
    parts: Environment & { readonly name: string },
    options: CarrierOptions,
  ) {
    const loss = "No session token was sent, and no new session stored";
    this.headers = headers;
    this.vary = [headers.asked];
    this.name = parts.name;
    this.rules = new CookieRules(options, { ...parts, loss, carries: "token" });
    this.#random = parts.random;
  }

  /** What stands in the place of the token, which may be nothing; `undefined` where there is no such place. */
  broughtBy(request: RequestHead): string | undefined {
    const { own } = this.headers;
    const given = request.header(own ?? "authorization")?.trim();
    if (own !== undefined || given === undefined) return given;
    return BEARER.test(given) ? given.slice("bearer".length).trim() : undefined;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new BearerPassage(this, exchange, home);
  }

  mayArrive(request: RequestHead): boolean {
    return Boolean(this.broughtBy(request));
  }

  /** A page of another site needs leave to have such a header sent: browsers ask for it (CORS). */
  isMeant(request: RequestHead): boolean {
    return this.broughtBy(request) !== undefined;
  }

  issue(): Identity {
    return newIdentity(this.#random, this.name);
  }
}

const NOBODY: readonly Identity[] = [];
const NOTHING: readonly Rejection[] = [];

/** A session whose token comes and goes in headers, and whose record is in a store. */
class BearerPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly hasSurplus = false;
  readonly records: Home;
  readonly writesNeedHeaders = false;
  readonly #carrier: BearerCarrier;
  readonly #exchange: Exchange;
  readonly #connection: Connection;

  constructor(carrier: BearerCarrier, exchange: Exchange, home: Home) {
    this.#carrier = carrier;
    this.#exchange = exchange;
    this.records = home;
    this.#connection = carrier.rules.judge(exchange.request);
    const brought = carrier.broughtBy(exchange.request) || undefined;
    const token = brought === undefined ? undefined : parseToken(brought);
    const isCarried = this.#connection.form !== undefined;
    this.presented = token !== undefined && isCarried ? [identityOf(token, carrier.name)] : NOBODY;
    if (brought === undefined || this.presented.length > 0) this.rejected = NOTHING;
    else this.rejected = [isCarried ? "malformed" : "insecure"];
  }

  get obstacle(): string | undefined {
    if (this.#connection.form !== undefined) return undefined;
    return this.#carrier.rules.obstacle(this.#exchange.request);
  }

  issue(): Identity {
    return this.#carrier.issue();
  }

  leave({ cookie, token }: Farewell): boolean {
    const text = cookie === "send" ? token : "";
    if (cookie === "keep" || text === undefined || this.obstacle !== undefined) return false;
    const { headers, rules } = this.#carrier;
    if (this.#connection.form === "plain" && text !== "") rules.noticePlain(headers.answer);
    this.#exchange.reply.set(headers.answer, text);
    return true;
  }
}
