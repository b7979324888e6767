import type { Edit } from "../edits.ts";
import { functionAround, isName, type Syntax, wrapped } from "../syntax.ts";
import { aliasOf, aliasRewritten, isOpening } from "./alias.ts";
import { isBehindNext } from "./behind-next.ts";
import { isInGuard } from "./guard.ts";
import { type Callers, callsOf, type HelperCall } from "./helpers.ts";
import type { Names } from "./names.ts";
import { openingEdits } from "./opening.ts";
import type { Owner } from "./owner.ts";
import type { Place } from "./places.ts";
import { isTurned, type Manner, type Rewrite, stays } from "./rewrite.ts";
import { rewritten } from "./rewritten.ts";
import { type Surroundings, type Waiting, waitingOf } from "./waiting.ts";
import { isTest } from "./whole.ts";

interface Around {
  readonly path: string;
  readonly source: string;
  readonly names: Names;
  readonly quote: string;
  readonly around: Surroundings;
  readonly callers: Callers;
}

export interface TurnedOwner {
  readonly edits: readonly Edit[];
  readonly turned: number;
  /** Where its callers wait for it from now on. */
  readonly calls: readonly HelperCall[];
  readonly left: readonly (readonly [Syntax, string])[];
}

/** One function with its session opened, and every place in it that can be turned. */
export function turnedOwner(owner: Owner, file: Around): TurnedOwner {
  const { waiting, calls, reason } = waitingFor(owner, file);
  if (waiting === undefined) return allLeft(owner, reason);
  if (
    isBehindNext(
      owner.piece,
      owner.places.map(({ piece }) => piece),
    )
  )
    return allLeft(owner, BEHIND_NEXT);
  const manner = mannerOf(owner, file);
  const alias = owner.places
    .map(aliasOf)
    .find((name) => name !== undefined && isOpening(name, owner));
  const named = alias === undefined ? manner : { ...manner, session: alias.text };
  const rewrites = owner.places.map((place) => rewriteOf(place, owner, named, alias));
  const worst = rewrites.find((rewrite) => !isTurned(rewrite) && rewrite.takesAll === true);
  if (worst !== undefined && !isTurned(worst)) return withTheRest(owner, rewrites, worst.reason);
  return {
    edits: [
      ...rewrites.flatMap((rewrite) => (isTurned(rewrite) ? rewrite.edits : [])),
      ...openedEdits(owner, named, { ...file, waiting, alias, rewrites }),
    ],
    turned: rewrites.filter(isTurned).length,
    calls: rewrites.some(isTurned) ? calls : [],
    left: leftOf(owner, rewrites),
  };
}

const GUARD = "an object stands for the session where there is none, and is stored nowhere";
const BEHIND_NEXT = "it stands behind next(): handlers that wait would come after it";

interface WaitingFor {
  readonly waiting: Waiting | undefined;
  readonly calls: readonly HelperCall[];
  readonly reason: string;
}

function waitingFor({ piece }: Owner, { around, path, callers }: Around): WaitingFor {
  const waiting = waitingOf(piece, around);
  if (typeof waiting !== "string") return { waiting, calls: [], reason: "" };
  // Whoever drops a promise does not mean to wait for all that it is of.
  const calls = piece.words.has("async") ? undefined : callsOf(piece, path, callers);
  if (calls === undefined) return { waiting: undefined, calls: [], reason: waiting };
  return { waiting: { kind: "awaited" }, calls, reason: "" };
}

function allLeft({ places }: Owner, reason: string): TurnedOwner {
  return {
    edits: [],
    turned: 0,
    calls: [],
    left: places.map(({ piece }) => [piece, reason] as const),
  };
}

/** A function is not half turned where a session may end, or another begin, behind its back. */
function withTheRest(owner: Owner, rewrites: readonly Rewrite[], reason: string): TurnedOwner {
  const left = owner.places.map(({ piece }, at) => {
    const rewrite = rewrites[at];
    const own = rewrite === undefined || isTurned(rewrite) ? undefined : rewrite.reason;
    return [piece, own ?? `stays with another place of its function: ${reason}`] as const;
  });
  return { edits: [], turned: 0, calls: [], left };
}

function leftOf({ places }: Owner, rewrites: readonly Rewrite[]): (readonly [Syntax, string])[] {
  return places.flatMap(({ piece }, at) => {
    const rewrite = rewrites[at];
    return rewrite === undefined || isTurned(rewrite) ? [] : [[piece, rewrite.reason] as const];
  });
}

function rewriteOf(
  place: Place,
  owner: Owner,
  manner: Manner,
  opening: Syntax | undefined,
): Rewrite {
  if (isInGuard(place.piece)) return stays(GUARD);
  const name = aliasOf(place);
  if (name === undefined) return rewritten(place, manner);
  const uses = aliasRewritten(name, owner, manner);
  if (!isTurned(uses) || name === opening) return uses;
  const { start, end } = place.piece;
  return { edits: [...uses.edits, { start, end, text: manner.session }] };
}

function mannerOf(owner: Owner, { names, quote }: Around): Manner {
  const opened = openedBefore(owner, names);
  return {
    session: opened ?? freeName(owner.piece),
    setJson: names.setJson,
    calledBack: names.calledBack,
    quote,
    owner: owner.piece,
    isMaybe: owner.places.some(isProvidedFor),
    canAwait: (piece) => {
      const around = functionAround(piece);
      return around === owner.piece || around?.words.has("async") === true;
    },
  };
}

/** `req.session &&`, `req.session?.user`: there may be no session. */
function isProvidedFor({ piece, property }: Place): boolean {
  if (property !== "session" || isInGuard(piece)) return false;
  const outer = wrapped(piece);
  const isMember = outer.parent?.first === outer && outer.parent.words.has("?.");
  return isMember || isTest(piece);
}

/** The variable of an earlier run. */
function openedBefore({ piece, request }: Owner, { sessions }: Names): string | undefined {
  for (const statement of piece.last?.children ?? []) {
    const declarator = DECLARATIONS.has(statement.kind) ? statement.first : undefined;
    const text = declarator?.last?.text;
    if (
      text === `await ${sessions}.open(${request})` ||
      text === `await ${sessions}.openIfMounted(${request})`
    )
      return declarator?.first?.text;
  }
  return undefined;
}

const DECLARATIONS = new Set(["lexical_declaration", "variable_declaration"]);

function freeName(owner: Syntax): string {
  const taken = new Set([...owner.all()].filter(isName).map(({ text }) => text));
  const names = ["session", "visit", "currentSession", "sessionOfRequest"];
  return names.find((name) => !taken.has(name)) ?? "openedSession";
}

interface Opened extends Around {
  readonly waiting: Waiting;
  readonly alias: Syntax | undefined;
  readonly rewrites: readonly Rewrite[];
}

function openedEdits(owner: Owner, manner: Manner, opened: Opened): Edit[] {
  const { names, source, alias, rewrites, waiting } = opened;
  if (!rewrites.some(isTurned)) return [];
  const isThere = openedBefore(owner, names) !== undefined;
  if (isThere) return [];
  const open = manner.isMaybe ? "openIfMounted" : "open";
  const call = `await ${names.sessions}.${open}(${owner.request})`;
  const end = endIn(source);
  const isNamed = rewrites.some((rewrite) => isTurned(rewrite) && rewrite.isUnnamed !== true);
  const statement = isNamed ? `const ${manner.session} = ${call}${end}` : `${call}${end}`;
  const rest = { waiting, step: stepOf(source), caught: names.caught };
  if (alias === undefined) return openingEdits(source, owner.piece, { statement, ...rest });
  const place = alias.parent?.last;
  const inPlace = place === undefined ? [] : [{ start: place.start, end: place.end, text: call }];
  return [...inPlace, ...openingEdits(source, owner.piece, { statement: undefined, ...rest })];
}

/** Of a statement. */
function endIn(source: string): string {
  return /;\s*(\n|\}|$)/.test(source) ? ";" : "";
}

/** One step of indentation, as the file's first indented line has it. */
export function stepOf(source: string): string {
  return /^(\t| {2,8})(?=\S)/m.exec(source)?.[1] ?? "  ";
}
