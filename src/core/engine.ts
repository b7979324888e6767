import type { Policies } from "./clocks.ts";
import { Deadline } from "./deadline.ts";
import type { Environment } from "./environment.ts";
import type { Events, Rejection } from "./events.ts";
import type { Exchange, RequestHead } from "./exchange.ts";
import type { Factors } from "./factors.ts";
import type { EndFeed } from "./hearing/end-feed.ts";
import type { Keep } from "./keeping.ts";
import { Keychain, takesSecrets } from "./keychain.ts";
import type { Families } from "./lifecycle/families.ts";
import type { LeaseLines } from "./lifecycle/lease-lines.ts";
import type { Fields } from "./lifecycle/new-record.ts";
import type { NoteEdit } from "./notes.ts";
import type { Carrier, Passage } from "./passage.ts";
import type { EpochMs, SessionRecord, Tombstone } from "./record.ts";
import type { Home, Records } from "./records.ts";
import type { CrossSiteRule } from "./request/cross-site.ts";
import type { Condition } from "./request/outcome.ts";
import type { Shape } from "./shape.ts";
import type { SessionId } from "./token.ts";

/** What the parts of one manager share. */
export interface Engine extends Records {
  readonly name: string;
  /** The records of the manager's store. */
  readonly home: Home;
  readonly families: Families;
  /** Who of this process waits for exclusive work. */
  readonly leases: LeaseLines;
  /** What the store announces of ends. */
  readonly endings: EndFeed;
  /** Asked in this order whether a session may be opened. */
  readonly guards: readonly Guard[];
  /** What the application's protections have to say; `undefined` where it has none. */
  readonly protections: Hooks | undefined;
  /** What they are called, in their order. */
  readonly protectionNames: readonly string[];
  /** Whether the store holds the sessions themselves, and no other framework's. */
  readonly isHome: boolean;
  readonly carrier: Carrier;
  readonly shape: Shape;
  readonly policies: Policies;
  readonly environment: Environment;
  readonly events: Events;
  readonly storeTimeoutMs: number;
  readonly maxDataBytes: number;
  /** What a visitor takes along who signs in, where the sign-in does not say. */
  readonly keepAtSignIn: Keep;
  /** What a response that read a signed-in session says to caches. */
  readonly cacheControl: "private" | "no-store";
  /** Which requests get no session, as another site's page has sent them. */
  readonly crossSite: CrossSiteRule;
  /** Whether records travel with the requests: a write needs headers, as a new session does. */
  readonly writesNeedHeaders: boolean;
}

/** What a guard makes of a session that is live by its record and its clocks. */
export type Verdict =
  /** It may be used, unless it is locked until its user unlocks it. The edits go with the next commit. */
  | {
      readonly kind: "accepted";
      readonly edits: readonly NoteEdit[];
      readonly isLocked?: boolean | undefined;
    }
  /** This request gets another one; the session stays as it is. */
  | { readonly kind: "refused"; readonly reason: Rejection }
  /** It should not be there any more. */
  | { readonly kind: "ended"; readonly reason: Rejection };

/**
 * Has a say in whether a session may be opened. `undefined` is consent, without a promise: most
 * requests give it nothing to ask.
 */
export type Guard = (
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
  request: RequestHead,
) => Promise<Verdict> | undefined;

/**
 * Something that an application adds to what its sessions do by themselves: one of the list
 * `protections` of `createSessions`.
 */
export interface Protection {
  /** What makes it, such as `"limitSessions"`. Each is there once. */
  readonly name: string;
  /**
   * Called by `createSessions`.
   *
   * @throws {@link OptionsError} where it cannot hold over these sessions.
   */
  protect(engine: Engine): Hooks;
}

/** Where a protection has its say. */
export interface Hooks {
  /** Asked whenever a session is opened that is live by its record and its clocks. */
  readonly guard?: Guard | undefined;
  /**
   * Asked before a visitor without a session is given one, but for a sign-in. A rejection refuses it:
   * nothing of what the request has changed is stored.
   */
  readonly creating?: ((creating: Creating) => Promise<void>) | undefined;
  /**
   * Asked of a session whose sign-in was handed on, as somebody redeems that: whether it would still be
   * opened, whatever request brought it.
   */
  stands?(record: SessionRecord, deadline: Deadline): Promise<boolean>;
  /**
   * Asked before a user's new session is stored. Resolves to what is to be noted in it; a rejection
   * refuses the sign-in, and nothing has happened then.
   */
  signingIn?(signing: SigningIn): Promise<readonly NoteEdit[]>;
  /**
   * Asked once the new session is stored, before the old one ends and anybody hears of it. A rejection
   * refuses the sign-in: the new session is taken back, and the old one goes on. Resolves to the
   * sessions that it has ended to make room.
   */
  signedIn?(record: SessionRecord, signing: SigningIn): Promise<readonly SessionId[]>;
  /**
   * Asked once a session that goes on under a new token is stored under it, before it ends under the
   * old one. A rejection refuses the new token. It may be taken back for other reasons, too.
   */
  regenerated?(record: SessionRecord, deadline: Deadline): Promise<void>;
  /** What is made of the tokens that a session has had; one protection at the most has such rules. */
  readonly tokens?: TokenRules | undefined;
  /** Called as the response's headers go, once everything about the session is settled. */
  leaving?(departure: Departure): void;
}

/**
 * Why a session goes on under a new token: as somebody signs in, as the application has asked for it,
 * or by itself, as its token has been in use for so long or has not reached its visitor.
 */
export type NewToken = "signIn" | "call" | "renewal";

/** What a protection makes of the tokens that the sessions of one visitor have had. */
export interface TokenRules {
  /** To be noted of a session that takes over from one of the same visitor. */
  succeeding(now: EpochMs): NoteEdit;
  /** To be noted where the one before has ended, and until when at least that is to be known. */
  retiring(
    before: Pick<SessionRecord, "notes">,
    successor: SessionRecord,
    why: NewToken,
  ): { readonly edit: NoteEdit; readonly keepUntil: EpochMs };
  /** To be noted of a session whose own token a request has brought. */
  arrived(record: SessionRecord): NoteEdit | undefined;
  /** Whether a session is to be given a new token by itself. */
  isDue(record: SessionRecord, now: EpochMs): boolean;
  /** What a token that was given up for a newer one leads to. */
  retired(stone: Tombstone, meeting: Meeting): Promise<Retired>;
}

/** A request that has brought a token which was given up. */
export interface Meeting {
  readonly engine: Engine;
  readonly request: RequestHead;
  readonly deadline: Deadline;
  /** When it came, however long it has waited since. */
  readonly arrivedAt: EpochMs;
  /** Whether it may change anything, and be answered with a cookie. */
  readonly mayAct: boolean;
}

/** What a token that was given up leads to. */
export type Retired =
  /** To nothing: the session has ended for whoever brings it. */
  | { readonly kind: "over" }
  /** To the session, for requests that were under way with it. */
  | { readonly kind: "parallel"; readonly record: SessionRecord }
  /** To the session, as nobody has ever used the newer token. */
  | { readonly kind: "lost"; readonly record: SessionRecord }
  /** Somebody else has the newer one: all that became of the session has ended. */
  | { readonly kind: "reused" };

/** A session that is about to begin. */
export interface Creating {
  readonly engine: Engine;
  readonly request: RequestHead;
}

/** A sign-in that is under way. */
export interface SigningIn {
  readonly engine: Engine;
  readonly userId: string;
  readonly request: RequestHead;
  /** What is proved of the user in the new session, and when. */
  readonly factors: Factors;
  /** The visitor's session until now, or what one would have begun with. */
  readonly before: SessionRecord | Fields;
  /** The session that hands its sign-in on, where the user has proved nothing here. */
  readonly handing: SessionRecord | undefined;
  readonly deadline: Deadline;
}

/** A response that is about to go out, and where its session stands. */
export interface Departure {
  readonly engine: Engine;
  readonly exchange: Exchange;
  readonly condition: Condition;
  readonly record: SessionRecord | undefined;
  /** Whether this request has ended a session that somebody was signed in to. */
  readonly hasSignedOut: boolean;
}

/** The engine for one request, where that has brought records of its own. */
export function engineOn(engine: Engine, passage: Passage): Engine {
  const { records, writesNeedHeaders } = passage;
  if (records === engine.home && !writesNeedHeaders) return engine;
  const { keeper, origin, queue } = records;
  return { ...engine, keeper, origin, queue, writesNeedHeaders };
}

/** The secrets of what a request presents; `undefined` where the store asks for none. */
export function keychainFor(
  { home, name }: Pick<Engine, "home" | "name">,
  { presented }: Pick<Passage, "presented">,
): Keychain | undefined {
  return takesSecrets(home.keeper.store) ? new Keychain(name, presented) : undefined;
}

/** A deadline that starts now. */
export function startDeadline(
  engine: Pick<Engine, "storeTimeoutMs" | "environment">,
  now: EpochMs = engine.environment.now(),
  keychain?: Keychain,
): Deadline {
  return new Deadline(engine.storeTimeoutMs, now, undefined, keychain);
}
