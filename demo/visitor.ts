import type { Request } from "express";
import type { Session, Sessions } from "sojourn";
import type { Accounts, User } from "./accounts.ts";
import type { CartLine } from "./cart.ts";
import type { PasswordGuard } from "./password-guard.ts";
import type { SessionLog } from "./session-log.ts";
import type { Shop, Theme } from "./sessions.ts";
import { isNotice, type Language, type Notice } from "./words/words.ts";

/** What the routes work with. */
export interface Services {
  readonly sessions: Sessions<Shop>;
  readonly accounts: Accounts;
  readonly guard: PasswordGuard;
  readonly log: SessionLog;
}

/** Somebody who is signed in. */
export interface SignedIn {
  readonly session: Session<Shop>;
  readonly user: User;
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
}

/**
 * The visitor as their session tells. Takes the notices that wait for them, where they will see the
 * page: what a script asks for must not use them up.
 */
export async function visitorOf(
  req: Request,
  { sessions, accounts }: Services,
  reader: "visitor" | "script" = "visitor",
): Promise<Visitor> {
  const session = await sessions.open(req);
  return {
    language: session.get("language"),
    theme: session.get("theme"),
    cart: session.get("cart"),
    recentlyViewed: session.get("recentlyViewed"),
    notices: reader === "visitor" ? takeNotices(session) : [],
    path: pathOf(req),
    now: Date.now(),
    user: session.userId === undefined ? undefined : accounts.find(session.userId),
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

/** A form cannot be looked at again, so after one of those the way back is the first page. */
function pathOf(req: Request): string {
  return req.method === "GET" ? req.originalUrl : "/";
}
