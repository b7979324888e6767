import { type Codec, JSON_CODEC, type RichValues } from "../core/codec.ts";
import { CodecError } from "../core/errors.ts";
import { BEYOND_JSON_KEY, isObject, parse } from "../core/json.ts";

/**
 * Values as express-session and koa-session keep them: whatever `JSON.stringify` makes of them is stored. A Date comes
 * back as a text, and what JSON has no form for is gone.
 */
const CODEC: Codec = {
  ...JSON_CODEC,
  encode,
  isStorable: (value) => JSON_CODEC.looseText(value) !== undefined,
};

export const JSON_VALUES: RichValues = { kind: "rich", codec: CODEC };

/** As texts above it could be nested deeper than can be read again. */
const MAX_HARMLESS_LENGTH = 4_000;

function encode(value: unknown, path: string): string {
  const text = textOf(value, path) ?? "null";
  if (text.includes(JSON.stringify(BEYOND_JSON_KEY))) {
    throw new CodecError(path, "it has a key that marks values beyond JSON. Choose another name.");
  }
  const isSafe = !isObject(value) || text.length <= MAX_HARMLESS_LENGTH;
  if (isSafe || parse(text) !== undefined) return text;
  throw new CodecError(path, "it is nested too deep to be read again.");
}

function textOf(value: unknown, path: string): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new CodecError(path, `${(error as Error).message.split("\n", 1)[0]}.`);
  }
}
