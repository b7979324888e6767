import { CookieExchange, ExchangedCookie } from "../../cookies/cookie-exchange.ts";
import type { CarrierOptions, CookieForms } from "../../cookies/cookie-rules.ts";
import { CookieRules } from "../../cookies/cookie-rules.ts";
import { expireStale } from "../../cookies/stale-cookies.ts";
import type { Environment } from "../../core/environment.ts";
import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import {
  type Carrier,
  candidatesOf,
  type Farewell,
  type Identity,
  type Passage,
} from "../../core/passage.ts";
import type { Home, Records } from "../../core/records.ts";
import { newToken, type SessionToken, sessionId } from "../../core/token.ts";
import { CookieRows } from "./cookie-rows.ts";
import { ForeignRecords } from "./foreign-records.ts";
import type { ForeignSessions } from "./foreign-sessions.ts";

/** Carries the sessions of another framework, in its cookie. */
export class ForeignCarrier implements Carrier {
  readonly sessions: ForeignSessions;
  readonly manager: string;
  readonly environment: Environment;
  readonly rules: CookieRules;
  readonly forms: CookieForms;

  constructor(
    sessions: ForeignSessions,
    { cookie, trustProxy }: CarrierOptions,
    manager: string,
    environment: Environment,
  ) {
    this.sessions = sessions;
    this.manager = manager;
    this.environment = environment;
    // Its cookie has no prefix unless its own settings say so.
    const options = { trustProxy, cookie: { prefix: "" as const, ...cookie } };
    this.rules = new CookieRules(options, { ...environment, name: sessions.cookieName });
    this.forms = this.rules.forms();
  }

  arrive(exchange: Exchange, home: Home): ForeignPassage {
    return new ForeignPassage(this, exchange, home);
  }

  mayArrive(request: RequestHead): boolean {
    return this.rules.mayBring(request);
  }

  /** Tells the developer, once, of a session that could not be read. */
  complain(why: string): void {
    const { framework } = this.sessions;
    this.environment.notice(
      `A session of ${framework}'s was not opened, and left as it is: ${why}`,
    );
  }
}

/** One request with such a session. */
export class ForeignPassage extends CookieExchange implements Passage {
  readonly presented: readonly Identity[];
  readonly untried: number;
  readonly rejected: readonly Rejection[];
  readonly records: Records;
  readonly writesNeedHeaders: boolean;
  readonly #carrier: ForeignCarrier;
  readonly #cookie: ExchangedCookie;
  readonly #theirs: ForeignRecords;
  /** Where whole sessions travel. */
  readonly #carried: CookieRows | undefined;

  constructor(carrier: ForeignCarrier, exchange: Exchange, home: Home) {
    super(carrier.rules, exchange);
    const { sessions, manager } = carrier;
    this.#carrier = carrier;
    this.#cookie = new ExchangedCookie(carrier.forms, this);
    this.writesNeedHeaders = sessions.kept === undefined;
    this.#carried = sessions.kept === undefined ? new CookieRows(sessions.cookieName) : undefined;
    const rows = sessions.kept?.rows ?? (this.#carried as CookieRows);
    const complain = (why: string): void => carrier.complain(why);
    this.#theirs = new ForeignRecords(sessions, rows, {
      manager,
      request: exchange.request,
      complain,
    });
    this.records = home.over(this.#theirs);
    const { values, refused } = this.#cookie;
    const rejected = new Set<Rejection>(refused === undefined ? [] : [refused]);
    const keys = this.#keysIn([...new Set(values)], rejected);
    this.presented = candidatesOf([...new Set(keys)]).map((key) => this.#identityOf(key));
    this.untried = keys.length - this.presented.length;
    this.rejected = [...rejected];
  }

  get hasSurplus(): boolean {
    return this.#cookie.hasSurplus;
  }

  /** Where whole sessions travel it is no secret: what the browser holds is the session itself. */
  issue(): Identity {
    const { environment, sessions } = this.#carrier;
    const { random } = environment;
    return this.#identityOf(sessions.kept?.keys.draw(random) ?? newToken(random));
  }

  leave({ cookie, token, stale }: Farewell): boolean {
    const isOver = cookie === "expire" || this.#isEmptied(token);
    const text = isOver ? undefined : this.#textToSend(cookie, token);
    const isNothing = text === undefined && !isOver && stale === "none";
    if (isNothing || this.obstacle !== undefined) return false;
    const brought = stale === "none" ? undefined : this.#cookie.brought(stale);
    if (brought !== undefined) expireStale(this.exchange, [brought]);
    if (isOver) this.#cookie.expire();
    else if (text !== undefined && token !== undefined) {
      this.#cookie.send(text, this.#theirs.browserKeepsMs(this.#idOf(token), this.#now()));
    }
    return true;
  }

  /** The cookie's value where it is to be sent: it is new, or lives longer than the browser knows. */
  #textToSend(cookie: "keep" | "send", token: string | undefined): string | undefined {
    if (token === undefined) return undefined;
    if (this.#carried !== undefined) {
      return this.#carried.news(token) ?? (cookie === "send" ? token : undefined);
    }
    if (cookie === "keep" && !this.#theirs.hasMovedEnd(this.#idOf(token))) return undefined;
    return this.#carrier.sessions.kept?.keys.write(token, this.#now());
  }

  #keysIn(values: readonly string[], rejected: Set<Rejection>): readonly string[] {
    const { kept } = this.#carrier.sessions;
    if (kept === undefined) return values.filter((value) => this.#isBelieved(value, rejected));
    const keys: string[] = [];
    for (const value of values) {
      const read = kept.keys.read(value, this.#now());
      if (typeof read === "string") rejected.add(read);
      else keys.push(read.key);
    }
    return keys;
  }

  /** A whole session that cannot be read is none, as to whoever wrote it. */
  #isBelieved(value: string, rejected: Set<Rejection>): boolean {
    const bytes = Buffer.from(value, "latin1");
    const document = this.#carrier.sessions.format.read(bytes, this.#now());
    if ("rejection" in document) {
      rejected.add(document.rejection);
      // Of all others that come anybody can make as many as he likes.
      if (document.rejection === "corrupt") this.#carrier.complain(document.why);
      return false;
    }
    this.#carried?.bring(value, { bytes, endsAt: undefined, document });
    return true;
  }

  /** Whether a session that travels whole has nothing in it any more: there is nothing to send. */
  #isEmptied(token: string | undefined): boolean {
    return token !== undefined && this.#carried?.isEmptied(token) === true;
  }

  #now(): number {
    return this.#carrier.environment.now();
  }

  #identityOf(key: string): Identity {
    const identity = { token: key, id: this.#idOf(key) };
    this.#theirs.know(identity);
    return identity;
  }

  #idOf(key: string): Identity["id"] {
    return sessionId(key as SessionToken, this.#carrier.manager);
  }
}
