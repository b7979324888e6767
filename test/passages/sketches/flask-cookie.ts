// Comes: Flask's signed cookie, which is the session itself. Goes: the same, signed anew with what changed.
import type { ExchangedCookie } from "../../../src/cookies/cookie-exchange.ts";
import type { Rejection } from "../../../src/core/events.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../src/core/passage.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../../../src/core/record.ts";
import type { Home, Records } from "../../../src/core/records.ts";
import type {
  EndOutcome,
  SessionStore,
  StoreProfile,
  UpdateOutcome,
} from "../../../src/core/store.ts";
import type { RandomBytes } from "../../../src/core/token.ts";
import {
  type CommitId,
  newToken,
  type SessionId,
  type SessionToken,
  sessionId,
} from "../../../src/core/token.ts";

/** What the requests of one manager share. */
export interface FlaskTools {
  readonly name: string;
  readonly random: RandomBytes;
  cookieOn(exchange: Exchange): {
    readonly cookie: ExchangedCookie;
    readonly obstacle: string | undefined;
  };
  /** What a cookie says, under an id that is its content's hash; or why it is not believed. */
  open(text: string, id: SessionId): SessionRecord | Rejection;
  sign(record: SessionRecord): string;
}

/** Carries whole sessions as Flask does. */
export class FlaskCarrier implements Carrier {
  readonly #tools: FlaskTools;

  constructor(tools: FlaskTools) {
    this.#tools = tools;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new FlaskPassage(this.#tools, exchange, home);
  }
}

class FlaskPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly hasSurplus: boolean;
  readonly obstacle: string | undefined;
  readonly records: Records;
  readonly writesNeedHeaders = true;
  readonly #tools: FlaskTools;
  readonly #cookie: ExchangedCookie;
  readonly #held = new HeldRecords();

  constructor(tools: FlaskTools, exchange: Exchange, home: Home) {
    const { cookie, obstacle } = tools.cookieOn(exchange);
    this.#tools = tools;
    this.#cookie = cookie;
    this.obstacle = obstacle;
    this.hasSurplus = cookie.hasSurplus;
    this.records = home.over(this.#held);
    const identities = cookie.values.map((text) => this.#identityOf(text));
    const opened = identities.map(({ token, id }) => tools.open(token, id));
    const believed = opened.filter((each) => typeof each !== "string");
    for (const record of believed) this.#held.stand(record);
    this.presented = identities.filter((_, n) => typeof opened[n] !== "string");
    this.rejected = opened.filter((each) => typeof each === "string");
  }

  /** Not a secret: what the browser holds is the session's content. */
  issue(): Identity {
    return this.#identityOf(newToken(this.#tools.random));
  }

  leave({ cookie, token, maxAgeMs }: Farewell): boolean {
    const isNews = cookie === "send" || (cookie === "keep" && this.#held.hasNews);
    if (this.obstacle !== undefined || (cookie === "keep" && !isNews)) return false;
    const record = token === undefined ? undefined : this.#held.live(this.#identityOf(token).id);
    if (cookie === "expire") this.#cookie.expire();
    else if (record !== undefined) this.#cookie.send(this.#tools.sign(record), maxAgeMs);
    return true;
  }

  #identityOf(text: string): Identity {
    return { token: text, id: sessionId(text as SessionToken, this.#tools.name) };
  }
}

/** The records of one request. No other can meet them, so that each wish is granted at once. */
class HeldRecords implements SessionStore {
  readonly profile: StoreProfile = {
    scope: "network",
    durability: "replicated",
    readYourWrites: "bounded",
    eviction: "any",
    caveats: [
      "Of two requests at once the later answer counts, and a copied cookie outlives a sign-out.",
    ],
  };
  /** Whether a visit was noted, which core does not take for a change of the cookie. */
  hasNews = false;
  readonly #stored = new Map<SessionId, StoredSession>();

  stand(stored: StoredSession): void {
    this.#stored.set(stored.id, stored);
  }

  live(id: SessionId): SessionRecord | undefined {
    const stored = this.#stored.get(id);
    return stored?.kind === "live" ? stored : undefined;
  }

  async load(id: SessionId): Promise<StoredSession | undefined> {
    return this.#stored.get(id);
  }

  async create(record: SessionRecord): Promise<"created" | "taken"> {
    if (this.#stored.has(record.id)) return "taken";
    this.stand(record);
    return "created";
  }

  async update(record: SessionRecord, expected: CommitId): Promise<UpdateOutcome> {
    const missed = this.#missed(record.id, expected);
    if (missed !== undefined) return missed;
    this.stand(record);
    this.hasNews = true;
    return { kind: "updated" };
  }

  async end(tombstone: Tombstone, expected: CommitId | undefined): Promise<EndOutcome> {
    const missed = this.#missed(tombstone.id, expected);
    if (missed !== undefined) return missed;
    this.stand(tombstone);
    return { kind: "ended" };
  }

  #missed(
    id: SessionId,
    expected: CommitId | undefined,
  ): Exclude<EndOutcome, { readonly kind: "ended" }> | undefined {
    const stored = this.#stored.get(id);
    if (stored?.kind !== "live") return { kind: "gone", tombstone: stored };
    const isMissed = expected !== undefined && expected !== stored.version;
    return isMissed ? { kind: "conflict", current: stored } : undefined;
  }
}
