import { bare, type Syntax } from "../syntax.ts";

const COMPARISONS = ["===", "!==", "==", "!=", "<", ">", "<=", ">=", "instanceof", "in"] as const;
const LITERALS = new Set(["string", "template_string", "number", "true", "false", "null"]);
const CALLS_OF_JSON = /^(String|Boolean|Date\.now|(crypto\.)?randomUUID)$/;
const METHODS_OF_TEXT = /\.(toString|toLowerCase|toUpperCase|trim|toISOString|join|toFixed)$/;
const TEXTS_OF_REQUEST = /^req(uest)?\.(originalUrl|url|path|method)$/;

/** Whether a value is surely one that JSON keeps as it is, and so can be set as it stands. */
export function isJson(piece: Syntax | undefined): boolean {
  if (piece === undefined) return false;
  const value = bare(piece);
  const { kind, first, last, children, words } = value;
  if (LITERALS.has(kind)) return true;
  switch (kind) {
    case "unary_expression":
      return words.has("!") || words.has("typeof") || (words.has("-") && first?.kind === "number");
    case "binary_expression":
      return isJsonOf(value);
    case "ternary_expression":
      return isJson(children[1]) && isJson(last);
    case "array":
      return children.every(isJson);
    case "object":
      return children.every((child) => child.kind === "pair" && isJson(child.last));
    case "call_expression":
      return isCallOfJson(first?.text ?? "");
    default:
      return TEXTS_OF_REQUEST.test(value.text);
  }
}

function isCallOfJson(callee: string): boolean {
  return CALLS_OF_JSON.test(callee) || METHODS_OF_TEXT.test(callee);
}

function isJsonOf({ words, first, last }: Syntax): boolean {
  if (COMPARISONS.some((sign) => words.has(sign))) return true;
  if (words.has("+")) return isText(first) || isText(last);
  const isEither = words.has("||") || words.has("&&") || words.has("??");
  return isEither && isJson(first) && isJson(last);
}

function isText(piece: Syntax | undefined): boolean {
  const value = piece === undefined ? undefined : bare(piece);
  if (value?.kind === "string" || value?.kind === "template_string") return true;
  return value?.kind === "binary_expression" && value.words.has("+") && isJsonOf(value);
}

export function isUndefined(piece: Syntax): boolean {
  const { kind, text, words, first } = bare(piece);
  if (kind === "undefined" || text === "undefined") return true;
  return kind === "unary_expression" && words.has("void") && first?.kind === "number";
}

const METHODS_OF_JSON =
  /^(toString|toLowerCase|toUpperCase|trim|split|slice|substring|startsWith|endsWith|includes|indexOf|replace|match|map|filter|find|findIndex|some|every|forEach|reduce|join|concat|push|pop|shift|unshift|splice|sort|reverse|flat|length|keys|entries|at|hasOwnProperty|toFixed)$/;

/** Whether every object of JSON with that value has such a method. */
export function isMethodOfJson(name: string | undefined): boolean {
  return name !== undefined && METHODS_OF_JSON.test(name);
}
