import { OptionsError } from "./errors.ts";
import type { SessionStore } from "./store.ts";

/** `value` where it is a boolean or left out; a text such as `"false"` is neither. */
export function flag(option: string, value: boolean | undefined): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new OptionsError(option, "must be true or false.");
}

/** `value` where it is one of the choices or left out. */
export function oneOf<Choice extends string>(
  option: string,
  value: Choice | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined || choices.includes(value)) return value;
  const list = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw new OptionsError(option, `must be one of ${list}.`);
}

/**
 * Refuses an options object with a key that nobody reads.
 *
 * @param group - What the options are of, such as `cookie`; empty at the top.
 * @param advice - What to write instead of keys that other libraries have.
 */
export function requireKnownKeys(
  group: string,
  options: object,
  known: readonly string[],
  advice: Readonly<Record<string, string>> = {},
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new OptionsError(group === "" ? "options" : group, "must be an object.");
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const hint = Object.hasOwn(advice, unknown) ? advice[unknown] : undefined;
  throw new OptionsError(
    group === "" ? unknown : `${group}.${unknown}`,
    `is not known. ${hint ?? `Known are ${known.join(", ")}.`}`,
  );
}

const STORE_METHODS = ["load", "create", "update", "end"] as const;

/** Whether this is a store: it does at least what each of them does. */
export function isStore(store: SessionStore | undefined): store is SessionStore {
  return STORE_METHODS.every((method) => typeof store?.[method] === "function");
}

const MAX_USER_ID_LENGTH = 512;

/** Refuses what cannot name a user: anything but a text that every store keeps unchanged. */
export function checkUserId(option: string, userId: unknown): void {
  const isUsable =
    typeof userId === "string" &&
    userId !== "" &&
    userId.length <= MAX_USER_ID_LENGTH &&
    userId.isWellFormed() &&
    !userId.includes("\0");
  if (isUsable) return;
  throw new OptionsError(
    option,
    `must be a text of 1 to ${MAX_USER_ID_LENGTH} characters without NUL, such as String(user.id).`,
  );
}

/** Refuses what is no list of keys. */
export function checkKeys(option: string, keys: unknown, words: readonly string[] = []): void {
  if (typeof keys === "string" && words.includes(keys)) return;
  if (Array.isArray(keys) && keys.every((key) => typeof key === "string")) return;
  const list = [...words.map((word) => JSON.stringify(word)), "a list of keys"].join(", ");
  throw new OptionsError(option, `must be one of ${list}.`);
}
