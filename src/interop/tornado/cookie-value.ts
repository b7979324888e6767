import { CodecError } from "../../core/errors.ts";
import type { UserKey } from "../foreign/user-key.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { PyDict } from "../python/values.ts";

/** What the value of a cookie is to the application that signs it. */
export interface CookieValue {
  /** `undefined` for what is none of these. */
  read(value: Buffer): PyDict | undefined;
  /** @throws {@link CodecError} for what such a value cannot say. */
  write(document: PyDict): string;
}

/** The user alone, as a text. */
export function userValue(user: UserKey): CookieValue {
  return {
    read: (value) => {
      const text = decodedUtf8(value);
      return text === undefined ? undefined : new PyDict([[user.key, text]]);
    },
    write: (document) => {
      const other = document.entries.find(([key]) => key !== user.key);
      if (other === undefined) return user.read(document) ?? "";
      const why = 'the cookie holds the user alone (holds: "user"); keep data elsewhere.';
      throw new CodecError(String(other[0]), why);
    },
  };
}

/** A dict, as `json.dumps` writes it. */
export const JSON_VALUE: CookieValue = {
  read: (value) => {
    const text = decodedUtf8(value);
    const reading = text === undefined ? undefined : readPyJson(text);
    return reading?.ok && reading.value instanceof PyDict ? reading.value : undefined;
  },
  write: (document) => {
    const writing = writePyJson(document, { spaces: true });
    if (writing.ok) return writing.text;
    const { path, kind } = writing.refusal;
    throw new CodecError(path, `JSON has no word for it (${kind}).`);
  },
};
