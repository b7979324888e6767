import { type Edit, insertion } from "../edits.ts";
import { functionAround, isName, type Syntax } from "../syntax.ts";
import { isBehindNext } from "./behind-next.ts";
import { everyKnown } from "./every-known.ts";
import { type HelperImports, importsOf, stemOf } from "./helper-imports.ts";
import { exportedAs, type NamedHelper, namedHelper } from "./helper-name.ts";
import type { Sources } from "./sources.ts";
import { isTest } from "./tests.ts";
import { type Surroundings, type Waiting, waitingOf } from "./waiting.ts";

/** The programs that may call a helper. */
export interface Callers extends Sources {
  readonly aroundOf: (path: string) => Surroundings;
}

/** A call of a helper that is waited for from now on. */
export interface HelperCall {
  readonly path: string;
  readonly call: Syntax;
  /** The function that it stands in, and how that one waits. */
  readonly owner: Syntax;
  readonly waiting: Waiting;
}

/**
 * Every call of a helper, where each of them can wait; `undefined` where one cannot, or where anybody
 * else may call it.
 */
export function callsOf(helper: Syntax, home: string, callers: Callers): HelperCall[] | undefined {
  const named = namedHelper(helper);
  const root = callers.rootOf(home);
  const own = named === undefined || root === undefined ? undefined : ownCalls(named, root);
  if (named === undefined || own === undefined) return undefined;
  const wanted = { name: named.name.text, home };
  const others = callers.paths.filter((path) => own.isExported && path !== home);
  const found = everyKnown([
    own.calls.map((call) => callAt(home, call, callers)),
    ...others.map((path) =>
      callsIn(path, wanted, callers)?.map((call) => callAt(path, call, callers)),
    ),
  ]);
  const calls = found === undefined ? undefined : everyKnown(found.flat());
  return calls?.length === 0 ? undefined : calls;
}

interface OwnCalls {
  readonly calls: readonly Syntax[];
  readonly isExported: boolean;
}

function ownCalls({ name, helper, isExported }: NamedHelper, root: Syntax): OwnCalls | undefined {
  const callees = [...root.all()]
    .filter((piece) => piece.text === name.text && isMention(piece))
    .filter((piece) => piece !== name && piece !== helper.first)
    .map((piece) => (piece.kind === "property_identifier" ? ownMember(piece) : piece))
    .filter((callee) => callee !== undefined);
  const calls = callees.filter((callee) => !exportedAs(callee)).map(calledBy);
  const known = everyKnown(calls);
  return known && { calls: known, isExported: isExported || callees.some(exportedAs) };
}

/** `exports.f`; a property of anything else is another thing. */
function ownMember(piece: Syntax): Syntax | undefined {
  const member = piece.parent;
  const isOurs = member?.kind === "member_expression" && member.last === piece;
  return isOurs && /^(module\.)?exports$/.test(member.first?.text ?? "") ? member : undefined;
}

interface Wanted {
  readonly name: string;
  /** The file that the helper is in. */
  readonly home: string;
}

/** The calls in another file, by what that file has imported of the helper's. */
function callsIn(path: string, wanted: Wanted, sources: Sources): Syntax[] | undefined {
  const isNamed = isWord(wanted.name, sources.sourceOf(path));
  if (isTest(path)) return isNamed ? undefined : [];
  if (!isNamed && !sources.sourceOf(path).includes(stemOf(wanted.home))) return [];
  const root = sources.rootOf(path);
  if (root === undefined) return isNamed ? undefined : [];
  const imports = importsOf(root, { path, ...wanted });
  if (imports === undefined) return undefined;
  const calls = [...root.all()]
    .filter((piece) => piece.text === wanted.name && isMention(piece))
    .filter((piece) => !imports.bindings.has(piece) && !isKeyAlone(piece, imports.spaces))
    .map((piece) => importedCall(piece, imports));
  return everyKnown(calls);
}

function isWord(name: string, source: string): boolean {
  return new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(source);
}

/** `req.session.f`: a property of something else, which is not even called. */
function isKeyAlone(piece: Syntax, spaces: ReadonlySet<string>): boolean {
  if (piece.kind !== "property_identifier" || memberOf(piece, spaces) !== undefined) return false;
  const { parent } = piece;
  return parent?.kind === "member_expression" && calledBy(parent) === undefined;
}

/** The call that a mention is part of; `undefined` where it is none, or another thing's. */
function importedCall(piece: Syntax, { bindings, spaces }: HelperImports): Syntax | undefined {
  if (piece.kind !== "property_identifier") return bindings.size > 0 ? calledBy(piece) : undefined;
  const member = memberOf(piece, spaces);
  return member === undefined ? undefined : calledBy(member);
}

function memberOf(piece: Syntax, spaces: ReadonlySet<string>): Syntax | undefined {
  const member = piece.parent;
  const isMember = member?.kind === "member_expression" && member.last === piece;
  return isMember && spaces.has(member.first?.text ?? "") ? member : undefined;
}

function isMention(piece: Syntax): boolean {
  return isName(piece) || piece.kind === "property_identifier";
}

function calledBy(callee: Syntax): Syntax | undefined {
  const call = callee.parent;
  return call?.kind === "call_expression" && call.first === callee ? call : undefined;
}

function callAt(path: string, call: Syntax, { aroundOf }: Callers): HelperCall | undefined {
  const owner = functionAround(call);
  if (owner === undefined || owner.last?.holds(call) !== true) return undefined;
  if (owner.words.has("async")) return { path, call, owner, waiting: { kind: "awaited" } };
  const waiting = waitingOf(owner, aroundOf(path));
  if (typeof waiting === "string" || isBehindNext(owner, [call])) return undefined;
  return { path, call, owner, waiting };
}

/** `await` before a call, which stands in what is asynchronous from now on. */
export function awaitedAt({ call }: HelperCall): Edit[] {
  if (call.parent?.kind === "await_expression") return [];
  const isWithin = call.parent?.kind === "member_expression" && call.parent.first === call;
  if (!isWithin) return [insertion(call.start, "await ")];
  return [insertion(call.start, "(await "), insertion(call.end, ")")];
}
