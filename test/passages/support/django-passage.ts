import { CookieExchange, ExchangedCookie } from "../../../src/cookies/cookie-exchange.ts";
import { type CookieForms, CookieRules } from "../../../src/cookies/cookie-rules.ts";
import { expireStale } from "../../../src/cookies/stale-cookies.ts";
import type { Environment } from "../../../src/core/environment.ts";
import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import type { Home, Records } from "../../../src/core/records.ts";
import { type RandomBytes, type SessionToken, sessionId } from "../../../src/core/token.ts";
import { DjangoStore, type DjangoTables } from "./django-store.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const KEY_FORM = /^[a-z0-9]{32}$/;

/** Carries the key of a Django session in Django's cookie. */
export class DjangoCarrier implements Carrier {
  readonly tables: DjangoTables;
  readonly random: RandomBytes;
  readonly rules: CookieRules;
  readonly forms: CookieForms;

  constructor(tables: DjangoTables, environment: Environment) {
    this.tables = tables;
    this.random = environment.random;
    // Django's cookie has no prefix; Secure says SESSION_COOKIE_SECURE.
    const parts = { ...environment, name: "sessionid" };
    this.rules = new CookieRules({ cookie: { prefix: "" } }, parts);
    this.forms = this.rules.forms();
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new DjangoPassage(this, exchange, home);
  }
}

class DjangoPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly #carrier: DjangoCarrier;
  readonly #around: CookieExchange;
  readonly #cookie: ExchangedCookie;
  readonly #store: DjangoStore;

  constructor(carrier: DjangoCarrier, exchange: Exchange, home: Home) {
    this.#carrier = carrier;
    this.#around = new CookieExchange(carrier.rules, exchange);
    this.#cookie = new ExchangedCookie(carrier.forms, this.#around);
    this.#store = new DjangoStore(carrier.tables);
    this.records = home.over(this.#store);
    const { values, refused } = this.#cookie;
    const keys = [...new Set(values)].filter((value) => KEY_FORM.test(value));
    this.presented = keys.map((key) => this.#identityOf(key));
    if (refused !== undefined) this.rejected = [refused];
    else this.rejected = keys.length === 0 && values.length > 0 ? ["malformed"] : [];
  }

  get hasSurplus(): boolean {
    return this.#cookie.hasSurplus;
  }

  get obstacle(): string | undefined {
    return this.#around.obstacle;
  }

  issue(): Identity {
    return this.#identityOf(newKey(this.#carrier.random));
  }

  leave({ cookie, token, maxAgeMs, stale }: Farewell): boolean {
    if (cookie === "keep" && stale === "none") return false;
    if (this.obstacle !== undefined) return false;
    const brought = stale === "none" ? undefined : this.#cookie.brought(stale);
    if (brought !== undefined) expireStale(this.#around.exchange, [brought]);
    if (cookie === "send" && token !== undefined) this.#cookie.send(token, maxAgeMs);
    else if (cookie === "expire") this.#cookie.expire();
    return true;
  }

  #identityOf(key: string): Identity {
    const identity = {
      token: key,
      id: sessionId(key as SessionToken, this.#carrier.tables.manager),
    };
    this.#store.know(identity);
    return identity;
  }
}

/** 32 letters, each as likely as the next. */
function newKey(random: RandomBytes): string {
  let key = "";
  while (key.length < 32) {
    const fair = [...random(64)].filter((byte) => byte < 7 * LETTERS.length);
    key += fair.map((byte) => LETTERS.charAt(byte % LETTERS.length)).join("");
  }
  return key.slice(0, 32);
}
