import { bare, literalText, type Syntax, wrapped } from "../syntax.ts";
import { keyRewritten } from "./keys.ts";
import { isMethod, methodRewritten } from "./methods.ts";
import type { Place } from "./places.ts";
import { isRead } from "./reads.ts";
import { type Manner, type Rewrite, stays } from "./rewrite.ts";
import { touchRewritten } from "./touching.ts";
import { wholeRewritten } from "./whole.ts";

const OTHER_METHODS: Readonly<Record<string, string>> = {
  reload: "sessions here have no reload: what counts in the store's own state is an update",
  resetMaxAge: "the clocks are the manager's, not a cookie's",
};

/** What one mention of the session becomes. */
export function rewritten({ piece, property }: Place, manner: Manner): Rewrite {
  if (property === "sessionID") return idRewritten(piece, manner);
  if (property === "sessionStore") return stays("the store itself: ask the manager instead");
  return rewrittenAt(piece, manner);
}

/** It is the same one: over a store of ours, the id that is safe to show. */
function idRewritten(piece: Syntax, manner: Manner): Rewrite {
  if (!isRead(piece)) return stays("the id is set by hand");
  const text = `${manner.session}${manner.isMaybe ? "?." : "."}id`;
  return { edits: [{ start: piece.start, end: piece.end, text }] };
}

/** The same for any expression that is the session, such as a variable. */
export function rewrittenAt(piece: Syntax, manner: Manner): Rewrite {
  const outer = wrapped(piece);
  const member = outer.parent;
  if (member?.first !== outer || !isAccess(member)) return wholeRewritten(piece, manner);
  const key = member.kind === "member_expression" ? member.last?.text : literalText(member.last);
  if (key === undefined) return stays("the key is not known before it runs");
  if (key === "id") return idRewritten(member, manner);
  if (key === "cookie") return stays(cookieReason(member));
  if (key === "req") return stays("the request, which is no part of what is stored");
  return memberRewritten(member, key, manner);
}

function memberRewritten(member: Syntax, key: string, manner: Manner): Rewrite {
  const call = callOf(member);
  if (call === undefined)
    return isReserved(key) ? stays(METHOD, true) : keyRewritten(member, key, manner);
  if (isMethod(key)) return methodRewritten(call, key, manner);
  if (key === "touch") return touchRewritten(call, manner);
  const isHarmless = key === "reload" || !isReserved(key);
  return stays(OTHER_METHODS[key] ?? "a method that sessions have not", !isHarmless);
}

/** What of it ours says in another way, which is not the same. */
function cookieReason(member: Syntax): string {
  const outer = wrapped(member).parent;
  const part = outer?.kind === "member_expression" ? outer.last?.text : undefined;
  if (part !== "maxAge" && part !== "expires" && part !== "originalMaxAge") return COOKIE;
  const isAsked = outer !== undefined && isRead(outer);
  return isAsked
    ? `${COOKIE}; session.expiresAt tells when the session ends`
    : `${COOKIE}; session.persistent remembers a visitor, for as long as the manager says`;
}

const COOKIE = "the session's own cookie: lifetimes are the manager's options";
const METHOD = "a method that is not called here";

function isAccess({ kind }: Syntax): boolean {
  return kind === "member_expression" || kind === "subscript_expression";
}

function isReserved(key: string): boolean {
  return isMethod(key) || key === "touch" || Object.hasOwn(OTHER_METHODS, key);
}

function callOf(member: Syntax): Syntax | undefined {
  const outer = wrapped(member);
  const call = outer.parent;
  const isCallee = call?.kind === "call_expression" && call.first === outer;
  return isCallee && bare(outer) === member ? call : undefined;
}
