import type { Rejection } from "../../../../src/core/events.ts";
import type { Exchange } from "../../../../src/core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../../../src/core/passage.ts";
import type { Home, Records } from "../../../../src/core/records.ts";
import { type SessionToken, sessionId } from "../../../../src/core/token.ts";
import { type Format, KeyedRecords, type KeyedRows } from "./keyed-records.ts";

/** The cookie in which another framework carries the key of a session. */
export interface KeyCookie {
  /** The keys that came and are believed, and why others are not. */
  read(exchange: Exchange): {
    readonly keys: readonly string[];
    readonly rejected: readonly Rejection[];
  };
  send(exchange: Exchange, key: string, maxAgeMs: number | undefined): void;
  expire(exchange: Exchange): void;
  newKey(): string;
}

/** What a framework is that keeps a key in its cookie and the rest in a store of its own. */
export interface KeyedSessions {
  /** The manager's name. */
  readonly name: string;
  readonly cookie: KeyCookie;
  readonly format: Format;
  /** Left out, the records are ours, under ids that stand for its keys. */
  readonly rows?: KeyedRows | undefined;
}

/** Carries the keys of such a framework. */
export class KeyedCarrier implements Carrier {
  readonly #sessions: KeyedSessions;

  constructor(sessions: KeyedSessions) {
    this.#sessions = sessions;
  }

  arrive(exchange: Exchange, home: Home): Passage {
    return new KeyedPassage(this.#sessions, exchange, home);
  }
}

class KeyedPassage implements Passage {
  readonly presented: readonly Identity[];
  readonly rejected: readonly Rejection[];
  readonly hasSurplus: boolean;
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly obstacle = undefined;
  readonly #sessions: KeyedSessions;
  readonly #exchange: Exchange;
  readonly #theirs: KeyedRecords | undefined;

  constructor(sessions: KeyedSessions, exchange: Exchange, home: Home) {
    const { cookie, rows, format, name } = sessions;
    this.#sessions = sessions;
    this.#exchange = exchange;
    this.#theirs = rows && new KeyedRecords(rows, format, name);
    this.records = this.#theirs === undefined ? home : home.over(this.#theirs);
    const { keys, rejected } = cookie.read(exchange);
    this.presented = keys.map((key) => this.#identityOf(key));
    this.rejected = rejected;
    this.hasSurplus = keys.length > 1;
  }

  issue(): Identity {
    return this.#identityOf(this.#sessions.cookie.newKey());
  }

  leave({ cookie, token, maxAgeMs }: Farewell): boolean {
    if (cookie === "keep") return false;
    if (cookie === "expire") this.#sessions.cookie.expire(this.#exchange);
    else if (token !== undefined) this.#sessions.cookie.send(this.#exchange, token, maxAgeMs);
    return true;
  }

  #identityOf(key: string): Identity {
    const identity = { token: key, id: sessionId(key as SessionToken, this.#sessions.name) };
    this.#theirs?.know(identity);
    return identity;
  }
}
