/** A piece of a program, as the parser sees it: named pieces alone, and no comments. */
export class Syntax {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly parent: Syntax | undefined;
  readonly children: Syntax[] = [];
  /** Its own keywords and signs: `async`, `delete`, `++`. */
  readonly words: Set<string> = new Set();
  readonly #source: string;

  constructor(source: string, at: Pick<Syntax, "kind" | "start" | "end" | "parent">) {
    this.#source = source;
    this.kind = at.kind;
    this.start = at.start;
    this.end = at.end;
    this.parent = at.parent;
  }

  get text(): string {
    return this.#source.slice(this.start, this.end);
  }

  get first(): Syntax | undefined {
    return this.children[0];
  }

  get last(): Syntax | undefined {
    return this.children.at(-1);
  }

  /** This piece and everything in it, in the order of the text. */
  *all(): Generator<Syntax> {
    yield this;
    for (const child of this.children) yield* child.all();
  }

  /** What it is in, from the inside. */
  *around(): Generator<Syntax> {
    for (let at = this.parent; at !== undefined; at = at.parent) yield at;
  }

  holds(other: Syntax): boolean {
    return this.start <= other.start && other.end <= this.end;
  }
}

const FUNCTIONS = new Set([
  "function_declaration",
  "function_expression",
  "arrow_function",
  "method_definition",
  "generator_function",
  "generator_function_declaration",
]);

export function isFunction({ kind }: Syntax): boolean {
  return FUNCTIONS.has(kind);
}

/** The function that a piece is in. */
export function functionAround(piece: Syntax): Syntax | undefined {
  for (const around of piece.around()) if (isFunction(around)) return around;
  return undefined;
}

/** Everything in a function but what is in the functions in it. */
export function* ownPieces(piece: Syntax): Generator<Syntax> {
  for (const child of piece.children) {
    yield child;
    if (!isFunction(child)) yield* ownPieces(child);
  }
}

/** What a method is called, behind `static`, `public` and the like. */
export function methodName({ kind, children }: Syntax): Syntax | undefined {
  return kind === "method_definition" ? children.find((child) => NAMES.has(child.kind)) : undefined;
}

const NAMES = new Set([
  "property_identifier",
  "private_property_identifier",
  "string",
  "number",
  "computed_property_name",
]);

/** The parameters of a function, each without its type. */
export function parametersOf(piece: Syntax): Syntax[] {
  const list = piece.children.find(({ kind }) => kind === "formal_parameters");
  if (list !== undefined) return list.children.map(withoutType);
  const [only] = piece.children;
  return piece.kind === "arrow_function" && only?.kind === "identifier" ? [only] : [];
}

function withoutType(parameter: Syntax): Syntax {
  const { kind, children } = parameter;
  if (kind !== "required_parameter" && kind !== "optional_parameter") return parameter;
  return children.find((child) => !BESIDE_PARAMETERS.has(child.kind)) ?? parameter;
}

const BESIDE_PARAMETERS = new Set(["decorator", "accessibility_modifier", "type_annotation"]);

/** The names that a pattern gives to what it takes apart. */
export function boundNames(pattern: Syntax | undefined): string[] {
  switch (pattern?.kind) {
    case "identifier":
    case "shorthand_property_identifier_pattern":
      return [pattern.text];
    case "assignment_pattern":
    case "object_assignment_pattern":
      return boundNames(pattern.first);
    case "pair_pattern":
      return boundNames(pattern.last);
    case "object_pattern":
    case "array_pattern":
    case "rest_pattern":
      return pattern.children.flatMap(boundNames);
    default:
      return [];
  }
}

/** What is meant, without parentheses and what TypeScript says of it. */
export function bare(piece: Syntax): Syntax {
  const { first, last } = piece;
  if (WRAPPERS.has(piece.kind) && first !== undefined) return bare(first);
  if (piece.kind === "type_assertion" && last !== undefined) return bare(last);
  return piece;
}

const WRAPPERS = new Set([
  "parenthesized_expression",
  "non_null_expression",
  "as_expression",
  "satisfies_expression",
]);

/** The outermost piece that means the same: `(req.session as Shop)` around `req.session`. */
export function wrapped(piece: Syntax): Syntax {
  const { parent } = piece;
  return parent !== undefined && bare(parent) === piece ? wrapped(parent) : piece;
}

/** The text of a literal string, or of a template without anything filled in. */
export function literalText(piece: Syntax | undefined): string | undefined {
  if (piece?.kind !== "string" && piece?.kind !== "template_string") return undefined;
  const isPlain = piece.children.every(({ kind }) => kind === "string_fragment");
  return isPlain ? piece.text.slice(1, -1) : undefined;
}

/** Everything between two names that are the same name. */
export function isName({ kind }: Syntax): boolean {
  return kind === "identifier" || kind.startsWith("shorthand_property_identifier");
}
