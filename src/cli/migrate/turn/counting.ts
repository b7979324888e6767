import { bare, ownPieces, type Syntax, wrapped } from "../syntax.ts";
import { type Manner, quoted } from "./rewrite.ts";
import { isUnused } from "./unused.ts";

/**
 * The whole of `req.session.n = (req.session.n || 0) + 1` as an update, which loses no count of two
 * requests at once; `undefined` where it is no count, or where nobody can wait for it.
 */
export function countedAnew(statement: Syntax, key: string, manner: Manner): string | undefined {
  const [target, value] = [statement.first, statement.last];
  if (target === undefined || value === undefined || !isUnused(statement)) return undefined;
  if (!canUpdate(statement, manner) || !isCount(value, target.text)) return undefined;
  const name = parameterFor(key);
  const next = value.text.replaceAll(target.text, name);
  return updateText(key, `(${name}) => ${next}`, manner);
}

/** `req.session.n++` where the count has begun, as an update. */
export function countedOn(
  statement: Syntax,
  key: string,
  step: string,
  manner: Manner,
): string | undefined {
  if (!canUpdate(statement, manner)) return undefined;
  const name = parameterFor(key);
  return updateText(key, `(${name} = 0) => ${name} ${step}`, manner);
}

/** An update is stored at once, and so is none of what comes after the answer. */
function canUpdate(statement: Syntax, { owner, canAwait }: Manner): boolean {
  return canAwait(statement) && ![...ownPieces(owner)].some((piece) => isAnswer(piece, statement));
}

/** Whether the response has begun where a statement is come to: `res.send(…)` above it. */
function isAnswer(piece: Syntax, statement: Syntax): boolean {
  if (piece.kind !== "call_expression" || piece.end > statement.start) return false;
  const isAnswering = ANSWERING.test(piece.first?.text ?? "");
  const around = wrapped(piece).parent;
  return (
    isAnswering && around?.kind !== "return_statement" && around?.parent?.holds(statement) === true
  );
}

const ANSWERING =
  /^res(p|ponse)?\b.*\.(send|sendStatus|sendFile|json|jsonp|end|redirect|render|download|write|writeHead|flushHeaders)$/s;

function updateText(key: string, change: string, manner: Manner): string {
  return `await ${manner.session}.update(${quoted(key, manner)}, ${change})`;
}

/** `(x || 0) + 1`, `x ? x + 1 : 1`: nothing but the value itself, numbers and what joins them. */
function isCount(given: Syntax, target: string): boolean {
  const value = bare(given);
  const isAdded = (piece: Syntax): boolean =>
    piece.kind === "binary_expression" && (piece.words.has("+") || piece.words.has("-"));
  if (value.kind === "ternary_expression") {
    const [condition, then, otherwise] = value.children;
    const isAsked = condition !== undefined && bare(condition).text === target;
    return isAsked && then !== undefined && isSum(then, target) && otherwise?.kind === "number";
  }
  return isAdded(value) && isSumFromZero(value, target);
}

/** `x + 1` */
function isSum(given: Syntax, target: string): boolean {
  const { kind, first, last, words } = bare(given);
  if (kind !== "binary_expression" || (!words.has("+") && !words.has("-"))) return false;
  return first !== undefined && bare(first).text === target && last?.kind === "number";
}

/** `(x || 0) + 1`, `(x ?? 0) + 1` */
function isSumFromZero({ first, last }: Syntax, target: string): boolean {
  const begun = first === undefined ? undefined : bare(first);
  if (last?.kind !== "number" || begun?.kind !== "binary_expression") return false;
  const isEither = begun.words.has("||") || begun.words.has("??");
  const [own, zero] = begun.children;
  return isEither && own !== undefined && bare(own).text === target && zero?.kind === "number";
}

/** The key's own name, where a parameter can have it. */
function parameterFor(key: string): string {
  return /^[a-z_$][\w$]*$/i.test(key) && !RESERVED.test(key) ? key : "count";
}

const RESERVED =
  /^(await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield|arguments|eval)$/;
