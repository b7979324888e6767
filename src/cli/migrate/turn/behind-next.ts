import { ownPieces, parametersOf, type Syntax } from "../syntax.ts";

/** Whether something is done in a function after it has called the next handlers. */
export function isBehindNext(owner: Syntax, places: readonly Syntax[]): boolean {
  const next = parametersOf(owner).slice(2).at(-1)?.text;
  const calls = [...ownPieces(owner)].filter(
    ({ kind, first, parent }) =>
      kind === "call_expression" && first?.text === next && parent?.kind === "expression_statement",
  );
  return calls.some(({ end, parent }) =>
    places.some((place) => place.start > end && parent?.parent?.holds(place) === true),
  );
}
