import { bare, literalText, type Syntax, wrapped } from "../syntax.ts";
import { keyRewritten } from "./keys.ts";
import { isMethod, methodRewritten } from "./methods.ts";
import type { Place } from "./places.ts";
import { type Manner, type Rewrite, stays } from "./rewrite.ts";
import { wholeRewritten } from "./whole.ts";

const OTHER_METHODS: Readonly<Record<string, string>> = {
  reload: "sessions here have no reload: each request reads the session anew",
  touch: "a touch is not asked for here: opening the session is one",
  resetMaxAge: "the clocks are the manager's, not a cookie's",
};

/** What one mention of the session becomes. */
export function rewritten({ piece, property }: Place, manner: Manner): Rewrite {
  if (property === "sessionID") return stays(ID);
  if (property === "sessionStore") return stays("the store itself: ask the manager instead");
  return rewrittenAt(piece, manner);
}

const ID = "the id in the cookie, a secret: session.id is another value, which is safe to show";

/** The same for any expression that is the session, such as a variable. */
export function rewrittenAt(piece: Syntax, manner: Manner): Rewrite {
  const outer = wrapped(piece);
  const member = outer.parent;
  if (member?.first !== outer || !isAccess(member)) return wholeRewritten(piece, manner);
  const key = member.kind === "member_expression" ? member.last?.text : literalText(member.last);
  if (key === undefined) return stays("the key is not known before it runs");
  const part = Object.hasOwn(PARTS, key) ? PARTS[key] : undefined;
  return part === undefined ? memberRewritten(member, key, manner) : stays(part);
}

function memberRewritten(member: Syntax, key: string, manner: Manner): Rewrite {
  const call = callOf(member);
  if (call === undefined)
    return isReserved(key) ? stays(METHOD, true) : keyRewritten(member, key, manner);
  if (isMethod(key)) return methodRewritten(call, key, manner);
  return stays(OTHER_METHODS[key] ?? "a method that sessions have not", isReserved(key));
}

/** What is on an express-session beside the data. */
const PARTS: Readonly<Record<string, string | undefined>> = {
  cookie: "the session's own cookie: lifetimes are the manager's options, and session.persistent",
  id: ID,
  req: "the request, which is no part of what is stored",
};
const METHOD = "a method that is not called here";

function isAccess({ kind }: Syntax): boolean {
  return kind === "member_expression" || kind === "subscript_expression";
}

function isReserved(key: string): boolean {
  return isMethod(key) || Object.hasOwn(OTHER_METHODS, key);
}

function callOf(member: Syntax): Syntax | undefined {
  const outer = wrapped(member);
  const call = outer.parent;
  const isCallee = call?.kind === "call_expression" && call.first === outer;
  return isCallee && bare(outer) === member ? call : undefined;
}
