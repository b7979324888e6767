import type { Rejection } from "../core/events.ts";
import type { Exchange } from "../core/exchange.ts";
import { cookieValues } from "./cookie-header.ts";
import type { ResolvedCookie } from "./cookie-options.ts";
import type { Connection, CookieForms, CookieRules } from "./cookie-rules.ts";
import { expireCookie, serializeCookie } from "./set-cookie.ts";

/** What one request and its response have to do with cookies. The connection is judged once. */
export class CookieExchange {
  readonly exchange: Exchange;
  readonly rules: CookieRules;
  readonly connection: Connection;
  readonly header: string | undefined;

  constructor(rules: CookieRules, exchange: Exchange) {
    this.rules = rules;
    this.exchange = exchange;
    this.header = exchange.request.header("cookie");
    this.connection = rules.judge(exchange.request);
  }

  /** Why no cookie can be sent, and what to do about it; `undefined` where one can. */
  get obstacle(): string | undefined {
    if (this.connection.form !== undefined) return undefined;
    return this.rules.obstacle(this.exchange.request);
  }
}

const NO_VALUES: readonly string[] = [];

/** One cookie of that: what the request brought of it, and what the response says. */
export class ExchangedCookie {
  /** Its values, in the order of the header. */
  readonly values: readonly string[];
  /** Why none of them is to be believed. */
  readonly refused: Rejection | undefined;
  /** Whether it came more than once. */
  readonly hasSurplus: boolean;
  readonly #around: CookieExchange;
  /** As the connection carries it. */
  readonly #carried: ResolvedCookie | undefined;

  constructor(forms: CookieForms, around: CookieExchange) {
    const { form } = around.connection;
    this.#around = around;
    this.#carried = form && forms[form];
    const values = valuesOf(forms, around);
    this.hasSurplus = this.#carried !== undefined && values.length > 1;
    this.refused = refusal(values, this.#carried);
    this.values = this.refused === undefined ? values : NO_VALUES;
  }

  get isPresent(): boolean {
    return this.hasSurplus || this.values.length > 0;
  }

  /** Sends it; it ends with the browser unless `maxAgeMs` is given. */
  send(value: string, maxAgeMs: number | undefined): void {
    const carried = this.#carried;
    if (carried === undefined) return;
    const { rules, exchange, connection } = this.#around;
    if (connection.form === "plain") rules.noticePlain(carried.name);
    const lifetime = maxAgeMs === undefined ? undefined : { maxAgeMs, now: rules.now() };
    exchange.reply.addCookie(serializeCookie(carried.name, value, carried.attributes, lifetime));
  }

  /** Tells the browser to forget it. */
  expire(): void {
    const carried = this.#carried;
    if (carried === undefined) return;
    this.#around.exchange.reply.addCookie(expireCookie(carried.name, carried.attributes));
  }

  /** As the connection carries it, where the request brought it, or more than one of it. */
  brought(which: "surplus" | "all"): ResolvedCookie | undefined {
    const isThere = this.hasSurplus || (which === "all" && this.values.length > 0);
    return isThere ? this.#carried : undefined;
  }
}

function valuesOf({ full, plain }: CookieForms, around: CookieExchange): readonly string[] {
  const { header, connection } = around;
  if (header === undefined) return NO_VALUES;
  const isPlain = connection.form === "plain" && plain !== undefined;
  const values = cookieValues(header, isPlain ? plain.name : full.name);
  if (values.length > 0 || plain === undefined || !connection.mayBringBoth) return values;
  return cookieValues(header, isPlain ? full.name : plain.name);
}

function refusal(
  values: readonly string[],
  carried: ResolvedCookie | undefined,
): Rejection | undefined {
  if (values.length === 0) return undefined;
  if (carried === undefined) return "insecure";
  return values.length > 1 && !mayBeSeveral(carried) ? "duplicate" : undefined;
}

/** In the places that its prefix leaves open a browser may keep several cookies of one name. */
function mayBeSeveral({ prefix, attributes }: ResolvedCookie): boolean {
  return !prefix.startsWith("__Host-") || attributes.partitioned;
}
