import { CookieExchange, ExchangedCookie } from "../../cookies/cookie-exchange.ts";
import type { CookieForms, CookieRules } from "../../cookies/cookie-rules.ts";
import { expireStale } from "../../cookies/stale-cookies.ts";
import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import type { CookiePieces } from "../foreign/foreign-sessions.ts";

/** How the old cookie travels: in one cookie, or in several. */
export class OldCookieRules {
  readonly #rules: CookieRules;
  readonly #own: CookieForms;
  readonly #pieces: CookiePieces | undefined;
  readonly #behind: readonly CookieForms[];

  constructor(rules: CookieRules, pieces: CookiePieces | undefined) {
    this.#rules = rules;
    this.#own = rules.forms();
    this.#pieces = pieces;
    this.#behind = pieces?.suffixes.map((suffix) => rules.forms(suffix)) ?? [];
  }

  mayBring(request: RequestHead): boolean {
    return this.#rules.mayBring(request);
  }

  /** What a request brings of it. */
  in(exchange: Exchange): OldCookie {
    const around = new CookieExchange(this.#rules, exchange);
    const own = new ExchangedCookie(this.#own, around);
    const behind = this.#behind.map((forms) => new ExchangedCookie(forms, around));
    return new OldCookie(own, behind, this.#pieces);
  }
}

/** What one request brought of it, and what the response says. */
export class OldCookie {
  /** Its values, each whole. */
  readonly values: readonly string[];
  /** Why none of them is to be believed. */
  readonly refused: Rejection | undefined;
  readonly #present: readonly ExchangedCookie[];

  constructor(
    own: ExchangedCookie,
    behind: readonly ExchangedCookie[],
    pieces: CookiePieces | undefined,
  ) {
    const all = [own, ...behind];
    this.#present = all.filter(({ isPresent, refused }) => isPresent || refused !== undefined);
    this.refused = all.find(({ refused }) => refused !== undefined)?.refused;
    const behindIt = (suffix: string): readonly string[] =>
      behind[pieces?.suffixes.indexOf(suffix) ?? -1]?.values ?? [];
    this.values = pieces === undefined ? own.values : pieces.wholes(own.values, behindIt);
  }

  get isPresent(): boolean {
    return this.#present.length > 0;
  }

  /** Tells the browser to forget all that it brought, wherever it keeps it. */
  forget(exchange: Exchange): void {
    const brought = this.#present.flatMap((cookie) => cookie.brought("all") ?? []);
    if (brought.length > 0) expireStale(exchange, brought);
    for (const cookie of this.#present) cookie.expire();
  }
}
