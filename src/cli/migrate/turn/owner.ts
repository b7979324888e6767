import { bare, boundNames, isFunction, ownPieces, parametersOf, type Syntax } from "../syntax.ts";
import type { Place } from "./places.ts";

/** The function that a request comes to, and what it does with the session. */
export interface Owner {
  readonly piece: Syntax;
  /** As it is written there: `req`, `context.req`. */
  readonly request: string;
  readonly places: readonly Place[];
}

/** Places by the function whose parameter the request is; those of none with the reason. */
export function ownersOf(places: readonly Place[]): {
  readonly owners: readonly Owner[];
  readonly homeless: readonly (readonly [Place, string])[];
} {
  const owners = new Map<string, Owner & { places: Place[] }>();
  const homeless: (readonly [Place, string])[] = [];
  for (const place of places) {
    const found = pieceOf(place);
    if (typeof found === "string") {
      homeless.push([place, found]);
      continue;
    }
    const request = place.request === undefined ? "" : bare(place.request).text;
    const key = `${found.start} ${request}`;
    const owner = owners.get(key) ?? { piece: found, request, places: [] };
    owner.places.push(place);
    owners.set(key, owner);
  }
  return { owners: [...owners.values()], homeless };
}

function pieceOf({ piece, request }: Place): Syntax | string {
  if (request === undefined)
    return "the session is taken out of the request by another way than a dot";
  const root = rootOf(bare(request));
  if (root.kind !== "identifier") return "the request is none of a function's parameters";
  for (const around of piece.around()) {
    if (!isFunction(around)) continue;
    const isIn = parametersOf(around).some((parameter) =>
      boundNames(parameter).includes(root.text),
    );
    if (isIn) return ownerAt(around, root.text, piece);
    if (isBoundIn(around, root.text)) break;
  }
  return "the request is none of a function's parameters";
}

function ownerAt(owner: Syntax, name: string, piece: Syntax): Syntax | string {
  const body = owner.last;
  if (body?.holds(piece) !== true) return "it stands among the parameters of a function";
  return isBoundIn(owner, name) ? "another request may be meant: the name is given again" : owner;
}

function isBoundIn(owner: Syntax, name: string): boolean {
  for (const piece of ownPieces(owner)) {
    if (piece.kind === "variable_declarator" && boundNames(piece.first).includes(name)) return true;
    const isSet = piece.kind === "assignment_expression" && piece.first?.text === name;
    if (isSet) return true;
  }
  return false;
}

function rootOf(piece: Syntax): Syntax {
  const inner = piece.kind === "member_expression" ? piece.first : undefined;
  return inner === undefined ? piece : rootOf(bare(inner));
}
