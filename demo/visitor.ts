import type { Request } from "express";
import type { Session, Sessions } from "sojourn";
import type { Accounts, User } from "./accounts.ts";
import type { CartLine } from "./cart.ts";
import type { PasswordGuard } from "./password-guard.ts";
import { type Shop, type Theme, TIMEOUTS } from "./sessions.ts";
import { isNotice, type Language, type Notice } from "./words/words.ts";

/** What the routes work with. */
export interface Services {
  readonly sessions: Sessions<Shop>;
  readonly accounts: Accounts;
  readonly guard: PasswordGuard;
}

/** Somebody who is signed in. */
export interface SignedIn {
  readonly session: Session<Shop>;
  readonly user: User;
}

/** The public facts of a session, for the panel "This visit". Times are epoch ms. */
interface VisitFacts {
  readonly id: string;
  readonly isNew: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly authenticatedAt: number | undefined;
  readonly persistent: boolean;
  readonly idle: Countdown;
  readonly absolute: Countdown;
  readonly visits: number;
}

export interface Countdown {
  readonly leftMs: number;
  readonly ofMs: number;
}

/** Whom a page is for, and what it needs to know of them. */
export interface Visitor {
  readonly language: Language;
  readonly theme: Theme;
  readonly cart: readonly CartLine[];
  readonly recentlyViewed: readonly string[];
  readonly notices: readonly Notice[];
  /** The path that they are looking at, to come back to. */
  readonly path: string;
  readonly now: number;
  readonly user?: User | undefined;
  /** Nothing is known of a session that is out of reach or has ended. */
  readonly visit?: VisitFacts | undefined;
}

/** The visitor as their session tells. Takes the notices that wait for them. */
export async function visitorOf(req: Request, { sessions, accounts }: Services): Promise<Visitor> {
  const session = await sessions.open(req);
  const now = Date.now();
  return {
    language: session.get("language"),
    theme: session.get("theme"),
    cart: session.get("cart"),
    recentlyViewed: session.get("recentlyViewed"),
    notices: takeNotices(session),
    path: pathOf(req),
    now,
    user: session.userId === undefined ? undefined : accounts.find(session.userId),
    visit: session.isEnded ? undefined : factsOf(session, now),
  };
}

/** The visitor's session and account, where they are signed in. */
export async function signedIn(
  req: Request,
  { sessions, accounts }: Services,
): Promise<SignedIn | undefined> {
  const session = await sessions.open(req);
  const user = session.userId === undefined ? undefined : accounts.find(session.userId);
  return user && { session, user };
}

/** A visitor of whom nothing can be known: their session is out of reach. */
export function strangerOf(req: Request): Visitor {
  return {
    language: req.acceptsLanguages("en", "de") === "de" ? "de" : "en",
    theme: "light",
    cart: [],
    recentlyViewed: [],
    notices: [],
    path: pathOf(req),
    now: Date.now(),
  };
}

function takeNotices(session: Session<Shop>): Notice[] {
  const notices: Notice[] = [];
  for (let next = session.take("notice"); next !== undefined; next = session.take("notice")) {
    if (isNotice(next)) notices.push(next);
  }
  return notices;
}

function factsOf(session: Session<Shop>, now: number): VisitFacts {
  const { id, isNew, createdAt, lastSeenAt, authenticatedAt, persistent } = session;
  const { idleTimeout, absoluteTimeout } = TIMEOUTS[persistent ? "remembered" : "visit"];
  return {
    id,
    isNew,
    createdAt,
    lastSeenAt,
    authenticatedAt,
    persistent,
    idle: { leftMs: session.expiresAt - now, ofMs: idleTimeout },
    absolute: { leftMs: createdAt + absoluteTimeout - now, ofMs: absoluteTimeout },
    visits: session.get("visits"),
  };
}

/** A form cannot be looked at again, so after one of those the way back is the first page. */
function pathOf(req: Request): string {
  return req.method === "GET" ? req.originalUrl : "/";
}
