import type { Rejection } from "../../core/events.ts";
import { type Exchange, isPrefetch, NO_REPLY, type RequestHead } from "../../core/exchange.ts";
import {
  type Carrier,
  candidatesOf,
  type Farewell,
  type Identity,
  type Inheritance,
  type Passage,
} from "../../core/passage.ts";
import type { Home, Records } from "../../core/records.ts";
import { pathOf } from "../../core/report.ts";
import { deviceOf } from "../../core/request/device.ts";
import { Adoption } from "./adoption.ts";
import { eitherOf } from "./either-of.ts";
import type { AdoptionTools } from "./occasion.ts";
import type { OldCookie, OldCookieRules } from "./old-cookie.ts";
import { OldSessions } from "./old-sessions.ts";

/** Carries what another carrier does, and takes over the sessions of an old cookie. */
export class AdoptingCarrier implements Carrier {
  readonly #inner: Carrier;
  readonly #tools: AdoptionTools;
  readonly #old: OldCookieRules;

  constructor(inner: Carrier, tools: AdoptionTools, old: OldCookieRules) {
    this.#inner = inner;
    this.#tools = tools;
    this.#old = old;
  }

  arrive(exchange: Exchange, home: Home, isFresh: boolean): Passage {
    const passage = this.#inner.arrive(exchange, home, isFresh);
    if (!this.#old.mayBring(exchange.request)) return passage;
    const cookie = this.#old.in(exchange);
    return cookie.isPresent ? new AdoptingPassage(passage, this.#tools, cookie, exchange) : passage;
  }

  mayArrive(request: RequestHead): boolean {
    return this.#old.mayBring(request) || (this.#inner.mayArrive?.(request) ?? true);
  }

  prepare(): void {
    this.#inner.prepare?.();
  }
}

/** A request that brings an old cookie. */
class AdoptingPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly untried: number;
  readonly rejected: readonly Rejection[];
  readonly hasSurplus: boolean;
  readonly inheritance: Inheritance | undefined;
  readonly records: Records;
  readonly writesNeedHeaders: boolean;
  readonly #inner: Passage;
  readonly #cookie: OldCookie;
  readonly #exchange: Exchange;
  readonly #adoption: Adoption;

  constructor(inner: Passage, tools: AdoptionTools, cookie: OldCookie, exchange: Exchange) {
    const { presented, untried = 0, rejected, hasSurplus, records, writesNeedHeaders } = inner;
    this.presented = presented;
    this.untried = untried;
    this.rejected = cookie.refused === undefined ? rejected : [...rejected, cookie.refused];
    this.hasSurplus = hasSurplus;
    this.records = records;
    this.writesNeedHeaders = writesNeedHeaders;
    this.#inner = inner;
    this.#cookie = cookie;
    this.#exchange = exchange;
    const { request, reply } = exchange;
    this.#adoption = new Adoption(tools, candidatesOf([...new Set(cookie.values)]), {
      keeper: records.keeper,
      old: new OldSessions(tools.sessions, tools.settings.name, request, (why) =>
        complain(tools, why),
      ),
      isReadOnly: reply === NO_REPLY || isPrefetch(request),
      device: deviceOf(request),
      issue: () => inner.issue(),
      report: (error) => report(tools, request, error),
    });
    this.inheritance = eitherOf(inner.inheritance, this.#adoption);
  }

  get obstacle(): string | undefined {
    return this.#inner.obstacle;
  }

  issue(): Identity {
    return this.#inner.issue();
  }

  leave(farewell: Farewell): boolean {
    const { takeover, wasAsked } = this.#adoption;
    const outcome = takeover?.outcome;
    // Core takes it that the browser holds our token already: where it is new, it is sent after all.
    const isNews = outcome === "taken" && farewell.cookie === "keep";
    const hasSpoken = this.#inner.leave(isNews ? { ...farewell, cookie: "send" } : farewell);
    // Who signs out must not be brought back by what we have had no reason to look at.
    const isSignOut = farewell.cookie === "expire" && !wasAsked;
    if (outcome === undefined && !isSignOut) return hasSpoken;
    if (this.obstacle !== undefined) return hasSpoken;
    this.#cookie.forget(this.#exchange);
    return true;
  }
}

function complain({ sessions: { framework }, environment }: AdoptionTools, why: string): void {
  environment.notice(`A session of ${framework}'s was not adopted, and left as it is: ${why}`);
}

function report(
  { settings: { name }, environment }: AdoptionTools,
  { method, target }: RequestHead,
  error: unknown,
): void {
  const context = { name, method, path: pathOf(target), outcome: "background" } as const;
  environment.report(error, context, false);
}
