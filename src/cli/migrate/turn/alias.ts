import { boundNames, functionAround, isName, type Syntax } from "../syntax.ts";
import type { Owner } from "./owner.ts";
import type { Place } from "./places.ts";
import { isTurned, type Manner, type Rewrite, stays } from "./rewrite.ts";
import { rewrittenAt } from "./rewritten.ts";

/** `const sess = req.session`: the variable, where it is nothing else. */
export function aliasOf({ piece, property }: Place): Syntax | undefined {
  const declarator = piece.parent;
  const isValue = declarator?.kind === "variable_declarator" && declarator.last === piece;
  const name = isValue && property === "session" ? declarator.first : undefined;
  return name?.kind === "identifier" ? name : undefined;
}

/** Whether the variable stands where ours would: then it is ours. */
export function isOpening(name: Syntax, owner: Owner): boolean {
  const declaration = name.parent?.parent;
  const isAlone = declaration?.children.length === 1 && DECLARATIONS.has(declaration.kind);
  const isFirst = owner.places.every(({ piece }) => piece.start >= name.start);
  return isAlone && isFirst && declaration.parent === owner.piece.last;
}

const DECLARATIONS = new Set(["lexical_declaration", "variable_declaration"]);

/** What all uses of such a variable become; or why it stays. */
export function aliasRewritten(name: Syntax, owner: Owner, manner: Manner): Rewrite {
  if (functionAround(name) !== owner.piece)
    return stays("it is given a name in an inner function", true);
  // The variable would go on to be the old session, where ours is always the present one.
  if (/\.regenerate\(/.test(owner.piece.text)) {
    return stays("it has a name, and a new session is begun", true);
  }
  if (isBoundAgain(name, owner.piece)) return stays("its name is given again", true);
  const uses = [...owner.piece.all()].filter(
    (piece) => isName(piece) && piece.text === name.text && piece !== name,
  );
  const rewrites = uses.map((use) => rewrittenAt(use, { ...manner, session: name.text }));
  if (!rewrites.every(isTurned)) {
    return stays("it has a name, and one of its uses cannot be turned", true);
  }
  return { edits: rewrites.flatMap(({ edits }) => edits) };
}

function isBoundAgain(name: Syntax, owner: Syntax): boolean {
  for (const piece of owner.all()) {
    const isPattern = piece.kind === "variable_declarator" || piece.kind === "formal_parameters";
    if (!isPattern || piece === name.parent) continue;
    const patterns = piece.kind === "formal_parameters" ? piece.children : [piece.first];
    const names = patterns.flatMap((pattern) =>
      pattern?.kind.endsWith("_parameter") ? boundNames(pattern.first) : boundNames(pattern),
    );
    if (names.includes(name.text)) return true;
  }
  return false;
}
