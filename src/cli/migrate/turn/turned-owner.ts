import type { Edit } from "../edits.ts";
import { functionAround, isName, ownPieces, parametersOf, type Syntax } from "../syntax.ts";
import { aliasOf, aliasRewritten, isOpening } from "./alias.ts";
import { awaitedCalls } from "./helpers.ts";
import type { Names } from "./names.ts";
import { openingEdits } from "./opening.ts";
import type { Owner } from "./owner.ts";
import type { Place } from "./places.ts";
import { isTurned, type Manner, type Rewrite } from "./rewrite.ts";
import { rewritten } from "./rewritten.ts";

import { type Surroundings, type Waiting, waitingOf } from "./waiting.ts";
import { isTest } from "./whole.ts";

interface Around {
  readonly source: string;
  readonly root: Syntax;
  readonly names: Names;
  readonly quote: string;
  readonly around: Surroundings;
}

interface TurnedOwner {
  readonly edits: readonly Edit[];
  readonly turned: number;
  readonly left: readonly (readonly [Syntax, string])[];
}

/** One function with its session opened, and every place in it that can be turned. */
export function turnedOwner(owner: Owner, file: Around): TurnedOwner {
  const { waiting, edits: calls, reason } = waitingFor(owner, file);
  if (waiting === undefined) return allLeft(owner, reason);
  if (isBehindNext(owner)) return allLeft(owner, BEHIND_NEXT);
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
      ...(rewrites.some(isTurned) ? calls : []),
      ...openedEdits(owner, named, { ...file, waiting, alias, rewrites }),
    ],
    turned: rewrites.filter(isTurned).length,
    left: leftOf(owner, rewrites),
  };
}

const BEHIND_NEXT = "it stands behind next(): handlers that wait would come after it";

interface WaitingFor {
  readonly waiting: Waiting | undefined;
  /** Where its callers wait for it from now on. */
  readonly edits: readonly Edit[];
  readonly reason: string;
}

function waitingFor({ piece }: Owner, { around, root }: Around): WaitingFor {
  const waiting = waitingOf(piece, around);
  if (typeof waiting !== "string") return { waiting, edits: [], reason: "" };
  const calls = awaitedCalls(piece, root);
  if (calls === undefined) return { waiting: undefined, edits: [], reason: waiting };
  return { waiting: { kind: "awaited" }, edits: calls, reason: "" };
}

/** Whether something is done with the session after the next handlers were called. */
function isBehindNext({ piece, places }: Owner): boolean {
  const next = parametersOf(piece).slice(2).at(-1)?.text;
  const calls = [...ownPieces(piece)].filter(
    ({ kind, first, parent }) =>
      kind === "call_expression" && first?.text === next && parent?.kind === "expression_statement",
  );
  return calls.some(({ end, parent }) =>
    places.some((place) => place.piece.start > end && parent?.parent?.holds(place.piece) === true),
  );
}

function allLeft({ places }: Owner, reason: string): TurnedOwner {
  return { edits: [], turned: 0, left: places.map(({ piece }) => [piece, reason] as const) };
}

/** A function is not half turned where a session may end, or another begin, behind its back. */
function withTheRest(owner: Owner, rewrites: readonly Rewrite[], reason: string): TurnedOwner {
  const left = owner.places.map(({ piece }, at) => {
    const rewrite = rewrites[at];
    const own = rewrite === undefined || isTurned(rewrite) ? undefined : rewrite.reason;
    return [piece, own ?? `stays with another place of its function: ${reason}`] as const;
  });
  return { edits: [], turned: 0, left };
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
    quote,
    owner: owner.piece,
    isMaybe: owner.places.some(({ piece, property }) => property === "session" && isTest(piece)),
    canAwait: (piece) => {
      const around = functionAround(piece);
      return around === owner.piece || around?.words.has("async") === true;
    },
  };
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
  const end = /;\s*(\n|\}|$)/.test(source) ? ";" : "";
  const statement = `const ${manner.session} = ${call}${end}`;
  const rest = { waiting, step: stepOf(source), caught: names.caught };
  if (alias === undefined) return openingEdits(source, owner.piece, { statement, ...rest });
  const place = alias.parent?.last;
  const inPlace = place === undefined ? [] : [{ start: place.start, end: place.end, text: call }];
  return [...inPlace, ...openingEdits(source, owner.piece, { statement: undefined, ...rest })];
}

/** One step of indentation, as the file's first indented line has it. */
function stepOf(source: string): string {
  return /^(\t| {2,8})(?=\S)/m.exec(source)?.[1] ?? "  ";
}
