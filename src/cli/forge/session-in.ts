import { CodecError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { dictOf } from "../../interop/python/merge.ts";
import { PyDict } from "../../interop/python/values.ts";
import { WrongInput } from "../wrong-input.ts";

const MAX_CHARACTERS = 1_048_576;
const NOTHING: PyDict = new PyDict([]);

/** The session that JSON says, with the tagged objects of this library for what JSON lacks. */
export function sessionIn(text: string): PyDict {
  const json = objectIn(text);
  try {
    return dictOf(NOTHING, json, "");
  } catch (error) {
    if (error instanceof CodecError) throw new WrongInput(error.message);
    if (error instanceof RangeError)
      throw new WrongInput("It is nested too deeply: make it flatter.");
    throw error;
  }
}

function objectIn(text: string): { readonly [key: string]: JsonValue } {
  if (text.length > MAX_CHARACTERS) throw new WrongInput("No session is larger than 1 MiB.");
  const json = parsed(text);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return json as { readonly [key: string]: JsonValue };
  }
  throw new WrongInput('It is made of a JSON object, such as {"user_id": 42}.');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongInput('That is no JSON: write an object, such as {"user_id": 42}, in quotes.');
  }
}
