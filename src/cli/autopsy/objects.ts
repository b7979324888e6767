import { type JsonObject, parseObject } from "../../core/json.ts";

const MOST_CHARACTERS = 300_000;

/** The first JSON object in a text, however much is around it. */
export function objectIn(text: string): JsonObject | undefined {
  const start = text.indexOf("{");
  if (start === -1) return undefined;
  const end = endOfObject(text, start);
  return end === undefined ? undefined : parseObject(text.slice(start, end));
}

function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text
    .slice(start, start + MOST_CHARACTERS)
    .matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === "{") depth += 1;
    else if (token === "}") depth -= 1;
    if (depth === 0) return start + index + 1;
  }
  return undefined;
}
