import { CodecError, OptionsError } from "../../core/errors.ts";
import { oneOf } from "../../core/option-checks.ts";
import type { PyDict, PyValue } from "../python/values.ts";
import type { Keyed } from "./foreign-sessions.ts";
import { requiredText } from "./text-options.ts";

/** What the framework keeps as the name of a user: a number, where its models have numbers. */
export type UserIdAs = "str" | "int";

/** The key under which an application in Python keeps who is signed in. */
export class UserKey {
  readonly key: string;
  readonly #as: UserIdAs;

  constructor(key: string, as: UserIdAs) {
    this.key = key;
    this.#as = as;
  }

  /** Who is signed in. */
  read(document: Keyed): string | undefined {
    return userOf(document.get(this.key));
  }

  /** What to store, in the place of what stands there. */
  stored(userId: string | undefined, before: PyDict): PyValue | undefined {
    const stored = before.get(this.key);
    if (userOf(stored) === userId) return stored;
    return userId !== undefined && this.#as === "int" ? this.#intOf(userId) : userId;
  }

  #intOf(userId: string): number | bigint {
    if (!/^(?:0|-?[1-9]\d{0,38})$/.test(userId)) {
      throw new CodecError(this.key, "the framework keeps users by number, and this is none.");
    }
    const number = Number(userId);
    return Number.isSafeInteger(number) ? number : BigInt(userId);
  }
}

/** The key that says who is signed in, of the options `userKey` and `userIdAs`. */
export function resolveUser(group: string, key: string, as: UserIdAs | undefined): UserKey {
  const kind = oneOf(`${group}.userIdAs`, as, ["str", "int"]) ?? "str";
  const option = `${group}.userKey`;
  const text = requiredText(option, key);
  if (!TAKEN.has(text)) return new UserKey(text, kind);
  throw new OptionsError(option, `"${text}" says something else. Name the key of the user's id.`);
}

/** What Flask, its extensions and this library keep under these is nobody's name. */
const TAKEN: ReadonlySet<string> = new Set([
  "__proto__",
  "_permanent",
  "_flashes",
  "_fresh",
  "_id",
  "_remember",
  "csrf_token",
  "_sojourn",
]);

function userOf(stored: PyValue | undefined): string | undefined {
  if (typeof stored === "number" || typeof stored === "bigint") return String(stored);
  return typeof stored === "string" && stored !== "" ? stored : undefined;
}
