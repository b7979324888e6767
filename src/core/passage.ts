import type { Deadline } from "./deadline.ts";
import type { Rejection } from "./events.ts";
import type { Exchange, RequestHead } from "./exchange.ts";
import type { StoredSession } from "./record.ts";
import type { Home, Records } from "./records.ts";
import {
  type Identity,
  newToken,
  type RandomBytes,
  type SessionId,
  type SessionToken,
  sessionId,
} from "./token.ts";

export type { Identity } from "./token.ts";

/** How the sessions of a manager come with requests, and go back with responses. */
export interface Carrier {
  /**
   * The headers of a request that decide which session it brings, for caches to know. Where left out,
   * `Cookie`.
   */
  readonly vary?: readonly string[];
  /**
   * Takes what a request brings.
   *
   * @param home - The records of the manager's store.
   * @param isFresh - Whether the store is to be asked, whatever copy of a record the request brings.
   */
  arrive(exchange: Exchange, home: Home, isFresh: boolean): Passage;
  /**
   * Whether a request may bring a session, as far as a glance tells: `false` is certain. Where left
   * out, each may.
   */
  mayArrive?(request: RequestHead): boolean;
  /**
   * Whether what a request brings shows that its sender means it: no page of another site can have had
   * a browser send that. Where left out, it is asked whose page has sent it.
   */
  isMeant?(request: RequestHead): boolean;
  /** Throws what the first response would, where nothing can be carried: for want of keys, say. */
  prepare?(): void;
}

/**
 * How the session of one request comes and goes. Made when the session is first asked for; what the
 * connection may carry is judged once.
 */
export interface Passage {
  /** What may be the session and is worth a look, in the order in which to ask. */
  readonly presented: readonly Identity[];
  /** How much more came that may be, where it did. */
  readonly untried?: number;
  /** Why other things that came are not believed. */
  readonly rejected: readonly Rejection[];
  /** Whether more came under our names than one session has. */
  readonly hasSurplus: boolean;
  /** What else came that may become the session, where nothing that is presented is one. */
  readonly inheritance?: Inheritance | undefined;
  /** Where this request's records are: `home`, or what the request itself has brought. */
  readonly records: Records;
  /** Whether a change of the session reaches the browser with the response's headers only. */
  readonly writesNeedHeaders: boolean;
  /**
   * Why nothing can be sent, and what to do about it; `undefined` where it can. The developer is
   * told so too, once.
   */
  readonly obstacle: string | undefined;
  /** Draws the token of a new session. */
  issue(): Identity;
  /**
   * Writes what the browser is to be told, now that everything about the response is settled.
   *
   * @returns Whether there was anything.
   */
  leave(farewell: Farewell): boolean;
}

/** Sessions of another kind that came with a request, and of which one of ours can be made. */
export interface Inheritance {
  /** What shows that two requests carry the same. */
  readonly secrets: readonly string[];
  /**
   * Resolves to the session that is made of the first of them that can be taken over, now or by an
   * earlier request.
   *
   * @param rejected - Hears why others are not believed.
   */
  take(deadline: Deadline, rejected: (reason: Rejection) => void): Promise<Inherited | undefined>;
  /**
   * Ends those that nobody has asked for, as the visitor leaves: none is to bring them back. Does not
   * reject.
   */
  end(deadline: Deadline): Promise<void>;
}

/** What stands under the token that an inherited session has here. */
export interface Inherited {
  readonly token: string;
  readonly stored: StoredSession;
  /** Whether it has just been stored. */
  readonly isNew: boolean;
}

/** What a response tells the browser of the session. */
export interface Farewell {
  readonly cookie: "keep" | "send" | "expire";
  /** The session's token, where it has one. */
  readonly token: string | undefined;
  /** How long the browser is to hold it; `undefined` until it is closed. */
  readonly maxAgeMs: number | undefined;
  /** What else it holds under our names that it is to forget: what came more than once, or all. */
  readonly stale: "none" | "surplus" | "all";
}

// A class, as what lives as long as a request must not be a literal: docs/decisions/0060.
class TokenIdentity implements Identity {
  readonly token: SessionToken;
  readonly id: SessionId;

  constructor(token: SessionToken, id: SessionId) {
    this.token = token;
    this.id = id;
  }
}

/** What a token of our own form opens. */
export function identityOf(token: SessionToken, manager: string): Identity {
  return new TokenIdentity(token, sessionId(token, manager));
}

/** A fresh token, and what it will open. */
export function newIdentity(random: RandomBytes, manager: string): Identity {
  return identityOf(newToken(random), manager);
}

/** A header may hold thousands of cookies of our name; the store is asked about a few. */
const MAX_CANDIDATES = 4;

/**
 * Those that are worth a look. Of too many, those that come first and last: browsers send the
 * longest paths first, and ours is the longest or the shortest.
 */
export function candidatesOf<Candidate>(all: readonly Candidate[]): readonly Candidate[] {
  const half = MAX_CANDIDATES / 2;
  return all.length <= MAX_CANDIDATES ? all : [...all.slice(0, half), ...all.slice(-half)];
}
