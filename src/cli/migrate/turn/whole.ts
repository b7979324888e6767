import { boundNames, literalText, type Syntax, wrapped } from "../syntax.ts";
import { type Manner, quoted, type Rewrite, stays } from "./rewrite.ts";

/** What the session becomes where no key of it is named. */
export function wholeRewritten(piece: Syntax, manner: Manner): Rewrite {
  const outer = wrapped(piece);
  const { parent } = outer;
  if (isTest(outer)) return { edits: [replaced(piece, manner.session)] };
  if (CASTS.has(piece.parent?.kind ?? "")) return stays(CAST, true);
  switch (parent?.kind) {
    case "binary_expression":
      return asked(outer, parent, manner);
    case "variable_declarator":
      return takenApart(parent, manner);
    case "assignment_expression":
      if (parent.first === outer) return stays("the session itself is replaced", true);
      break;
    default:
      break;
  }
  return stays("the whole session is handed on", true);
}

const CASTS = new Set(["as_expression", "type_assertion"]);
const CAST = "it is taken for another type here: name its keys in SessionData";

/** Whether it is only asked whether there is a session. */
export function isTest(piece: Syntax): boolean {
  const outer = wrapped(piece);
  const { parent } = outer;
  switch (parent?.kind) {
    case "binary_expression":
      return parent.first === outer && parent.words.has("&&");
    case "unary_expression":
      return parent.words.has("!");
    case "if_statement":
    case "ternary_expression":
      return parent.first === outer;
    default:
      return false;
  }
}

function asked(outer: Syntax, parent: Syntax, manner: Manner): Rewrite {
  const key = literalText(parent.first);
  if (!parent.words.has("in") || parent.last !== outer || key === undefined) {
    return stays("the whole session is compared", true);
  }
  const text = `${manner.session}.has(${quoted(key, manner)})`;
  return { edits: [replaced(parent, text)] };
}

/** `const { userId, cart = [] } = req.session` */
function takenApart(declarator: Syntax, manner: Manner): Rewrite {
  const pattern = declarator.first;
  if (pattern?.kind !== "object_pattern" || declarator.children.length !== 2) {
    return stays("the whole session is given another name", true);
  }
  const keys = pattern.children.map(keyOf);
  // What is called for a default may have to be waited for.
  const isCalling = [...pattern.all()].some(({ kind }) => kind === "call_expression");
  if (
    isCalling ||
    keys.length === 0 ||
    keys.some((key) => key === undefined || RESERVED.has(key))
  ) {
    return stays("it is taken apart in a way that is not known");
  }
  const get = (key: string | undefined): string =>
    `${manner.session}.get(${quoted(key ?? "", manner)})`;
  const isPlain = pattern.children.every((child) => plainName(child) !== undefined);
  const text = isPlain
    ? pattern.children.map((child, at) => `${plainName(child)} = ${get(keys[at])}`).join(", ")
    : `${pattern.text} = { ${keys.map((key) => `${propertyText(key)}: ${get(key)}`).join(", ")} }`;
  return { edits: [replaced(declarator, text)] };
}

const RESERVED = new Set([
  "cookie",
  "id",
  "req",
  "destroy",
  "regenerate",
  "reload",
  "save",
  "touch",
  "resetMaxAge",
]);

function keyOf(piece: Syntax): string | undefined {
  if (piece.kind === "rest_pattern") return undefined;
  if (piece.kind !== "pair_pattern") return boundNames(piece)[0];
  const { first } = piece;
  return first?.kind === "property_identifier" ? first.text : literalText(first);
}

/** The variable that a key goes to, where nothing else is said of it. */
function plainName(piece: Syntax): string | undefined {
  const name = piece.kind === "pair_pattern" ? piece.last : piece;
  const isPlain = name?.kind === "identifier" || name?.kind.startsWith("shorthand") === true;
  return isPlain ? name?.text : undefined;
}

function propertyText(key: string | undefined): string {
  return /^[A-Za-z_$][\w$]*$/.test(key ?? "") ? (key ?? "") : JSON.stringify(key);
}

function replaced(
  { start, end }: Syntax,
  text: string,
): { start: number; end: number; text: string } {
  return { start, end, text };
}
