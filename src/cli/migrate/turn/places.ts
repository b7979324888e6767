import { bare, boundNames, isFunction, literalText, parametersOf, type Syntax } from "../syntax.ts";

/** A mention of the session of a request. */
export interface Place {
  /** `req.session` */
  readonly piece: Syntax;
  /** `req`, or `undefined` where the session is taken out of it in another way. */
  readonly request: Syntax | undefined;
  readonly property: "session" | "sessionID" | "sessionStore";
}

const PROPERTIES: ReadonlySet<string> = new Set(["session", "sessionID", "sessionStore"]);
const REQUEST = /^_?req(uest)?$/;

/** Every mention of a request's session in a program. */
export function* placesIn(root: Syntax): Generator<Place> {
  for (const piece of root.all()) {
    if (piece.kind === "member_expression" || piece.kind === "subscript_expression") {
      yield* placeAt(piece);
    } else if (piece.kind === "variable_declarator") {
      if (piece.last !== undefined && isRequest(piece.last)) yield* taken(piece.first);
    } else if (isFunction(piece)) {
      yield* takenByParameters(piece);
    }
  }
}

function* placeAt(piece: Syntax): Generator<Place> {
  const { first, last } = piece;
  if (first === undefined || !isRequest(first)) return;
  const isDotted = piece.kind === "member_expression";
  const property = propertyNamed(isDotted ? last?.text : literalText(last));
  if (property !== undefined) yield { piece, property, request: first };
}

/** `const { session } = req` */
function* taken(pattern: Syntax | undefined): Generator<Place> {
  if (pattern?.kind !== "object_pattern") return;
  for (const piece of pattern.children) {
    const name = piece.kind === "pair_pattern" ? piece.first?.text : boundNames(piece)[0];
    const property = propertyNamed(name);
    if (property !== undefined) yield { piece, property, request: undefined };
  }
}

/** `({ session }, res) => …` */
function* takenByParameters(piece: Syntax): Generator<Place> {
  const [request, response] = parametersOf(piece);
  if (response !== undefined && isResponse(response)) yield* taken(request);
}

function propertyNamed(name: string | undefined): Place["property"] | undefined {
  return name !== undefined && PROPERTIES.has(name) ? (name as Place["property"]) : undefined;
}

/** `req`, `this.req`, `context.req` */
function isRequest(piece: Syntax): boolean {
  const { kind, text, last } = bare(piece);
  if (kind === "identifier") return REQUEST.test(text);
  return kind === "member_expression" && REQUEST.test(last?.text ?? "");
}

/** Whether a parameter is named as responses are. */
export function isResponse(parameter: Syntax): boolean {
  return parameter.kind === "identifier" && /^_?res(p(onse)?)?$/.test(parameter.text);
}

/** Whether a parameter is named as requests are. */
export function isRequestName(parameter: Syntax): boolean {
  return parameter.kind === "identifier" && REQUEST.test(parameter.text);
}
