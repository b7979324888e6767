import type { Edit } from "../edits.ts";
import { bare, type Syntax, wrapped } from "../syntax.ts";
import { isBegun } from "./beginning.ts";
import { countedAnew, countedOn } from "./counting.ts";
import { doubtOf } from "./doubts.ts";
import { type Manner, quoted, type Rewrite, stays } from "./rewrite.ts";
import { isUnused } from "./unused.ts";
import { isJson, isUndefined } from "./values.ts";

/** What `req.session.key` becomes: read, set, deleted, counted. */
export function keyRewritten(member: Syntax, key: string, manner: Manner): Rewrite {
  const outer = wrapped(member);
  const { parent } = outer;
  const isTarget = parent?.first === outer;
  switch (parent?.kind) {
    case "assignment_expression":
      return isTarget ? assigned(parent, key, manner) : read(member, key, manner);
    case "augmented_assignment_expression":
      return isTarget ? augmented(parent, key, manner) : read(member, key, manner);
    case "update_expression":
      return counted(parent, key, manner);
    case "unary_expression":
      return parent.words.has("delete") ? deleted(parent, key, manner) : read(member, key, manner);
    case "array_pattern":
    case "pair_pattern":
    case "rest_pattern":
    case "assignment_pattern":
      return stays("it is set by a pattern");
    case "for_in_statement":
      return isTarget ? stays("it is set by a loop") : read(member, key, manner);
    default:
      return read(member, key, manner);
  }
}

function read(member: Syntax, key: string, manner: Manner): Rewrite {
  const text = `${manner.session}${dotOf(member, manner)}get(${quoted(key, manner)})`;
  return { edits: [{ start: member.start, end: member.end, text }] };
}

function dotOf(member: Syntax | undefined, { isMaybe }: Manner): "." | "?." {
  return isMaybe && member !== undefined && bare(member).words.has("?.") ? "?." : ".";
}

function assigned(statement: Syntax, key: string, manner: Manner): Rewrite {
  const value = statement.last;
  if (value === undefined) return stays("it is set in a way that is not known");
  const at = quoted(key, manner);
  const isAlone = isUnused(statement);
  if (isUndefined(value) && isAlone) return whole(statement, `${manner.session}.delete(${at})`);
  const count = countedAnew(statement, key, manner);
  if (count !== undefined) return whole(statement, count);
  if (!isAlone && !isJson(value)) return stays("the value that it is set to is used as well");
  const doubt = doubtOf(statement, value, key, manner);
  if (doubt !== undefined) return stays(doubt, true);
  const head = headOf(value, at, manner);
  if (isAlone) return { edits: around(statement, value, head, ")") };
  const tail = `), ${manner.session}.get(${at}))`;
  return { edits: around(statement, value, `(${head}`, tail) };
}

function whole({ start, end }: Syntax, text: string): Rewrite {
  return { edits: [{ start, end, text }] };
}

function headOf(value: Syntax, at: string, { session, setJson }: Manner): string {
  return isJson(value) ? `${session}.set(${at}, ` : `${setJson}(${session}, ${at}, `;
}

/** What comes before the value, and what behind it. */
function around(whole: Syntax, value: Syntax, head: string, tail: string): Edit[] {
  return [
    { start: whole.start, end: value.start, text: head },
    { start: value.end, end: whole.end, text: tail },
  ];
}

function augmented(statement: Syntax, key: string, manner: Manner): Rewrite {
  const value = statement.last;
  const sign = [...statement.words].find((word) => word.endsWith("="));
  if (value === undefined || sign === undefined)
    return stays("it is set in a way that is not known");
  const operator = sign.slice(0, -1);
  const at = quoted(key, manner);
  const now = `${manner.session}.get(${at})`;
  if (operator === "||" || operator === "??" || operator === "&&") {
    return logically(statement, value, `${now} ${operator} `, key, manner);
  }
  if (!isUnused(statement)) return stays("the value that it is set to is used as well");
  const isStep = value.kind === "number" && (operator === "+" || operator === "-");
  const count =
    isStep && isBegun(statement)
      ? countedOn(statement, key, `${operator} ${value.text}`, manner)
      : undefined;
  if (count !== undefined) return whole(statement, count);
  const head = `${manner.setJson}(${manner.session}, ${at}, ${now} ${operator} `;
  const isSimple = SIMPLE.has(value.kind);
  return { edits: around(statement, value, isSimple ? head : `${head}(`, isSimple ? ")" : "))") };
}

const SIMPLE = new Set(["identifier", "number", "string", "member_expression", "call_expression"]);

/** Only what JSON keeps as it is can be used right after it was set: else it is another object. */
function logically(
  statement: Syntax,
  value: Syntax,
  condition: string,
  key: string,
  manner: Manner,
): Rewrite {
  const isAlone = isUnused(statement);
  if (!isAlone && !isJson(value)) return stays("the value that it is set to is used as well");
  const doubt = doubtOf(statement, value, key, manner);
  if (doubt !== undefined) return stays(doubt, true);
  const at = quoted(key, manner);
  const head = condition + headOf(value, at, manner);
  if (isAlone) return { edits: around(statement, value, head, ")") };
  const start = `${condition}(${headOf(value, at, manner)}`;
  const tail = `), ${manner.session}.get(${at}))`;
  const isIn = wrapped(statement) !== statement;
  return { edits: around(statement, value, isIn ? start : `(${start}`, isIn ? tail : `${tail})`) };
}

function counted(statement: Syntax, key: string, manner: Manner): Rewrite {
  if (!isUnused(statement)) return stays("the count is used where it is changed");
  const { session, setJson } = manner;
  const at = quoted(key, manner);
  const sign = statement.words.has("++") ? "+" : "-";
  const isThere = isBegun(statement);
  const count = isThere ? countedOn(statement, key, `${sign} 1`, manner) : undefined;
  if (count !== undefined) return whole(statement, count);
  const head = isThere ? `${session}.set(${at}, ` : `${setJson}(${session}, ${at}, `;
  const now = `${session}.get(${at})`;
  // `++` makes a number of whatever is there, `+` joins texts.
  const number = isThere ? now : `Number(${now})`;
  return whole(statement, `${head}${number} ${sign} 1)`);
}

function deleted(statement: Syntax, key: string, manner: Manner): Rewrite {
  if (!isUnused(statement)) return stays("the result of a deletion is used");
  const dot = dotOf(statement.first, manner);
  return whole(statement, `${manner.session}${dot}delete(${quoted(key, manner)})`);
}
