import { OptionsError } from "../../core/errors.ts";
import { requiredSecret, secretList } from "../foreign/text-options.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** One secret, or several: the first signs, and all are believed. */
export type Secrets = PySecret | readonly PySecret[];

/** The secrets of an option, one at the least. */
export function secretsOf(
  option: string,
  value: Secrets | undefined,
): readonly [PySecret, ...PySecret[]] {
  const isOne = typeof value === "string" || value instanceof Uint8Array || value === undefined;
  const [first, ...others] = isOne ? [requiredSecret(option, value)] : secretList(option, value);
  if (first === undefined) throw new OptionsError(option, "must hold a secret.");
  return [first, ...others];
}

/** The passwords of an option, long enough for Iron. */
export function passwordsOf(
  option: string,
  value: string | readonly string[] | undefined,
): readonly [string, ...string[]] {
  const [first, ...others] = typeof value === "string" ? [value] : (value ?? []);
  for (const password of [first, ...others]) requirePassword(option, password);
  return [first ?? "", ...others];
}

const LEAST_CHARACTERS = 32;

/** Refuses what Iron would refuse. */
export function requirePassword(option: string, password: unknown): void {
  if (typeof password === "string" && password.length >= LEAST_CHARACTERS) return;
  throw new OptionsError(option, `must be a text of at least ${LEAST_CHARACTERS} characters.`);
}

/** The secret of adopted tokens, where the library has none of its own to fall back to. */
export function neededSecret(group: string, secret: PySecret | undefined): PySecret {
  if (secret !== undefined) return secret;
  throw new OptionsError(
    `${group}.adoptionSecret`,
    "is needed, as nothing else is secret here: whoever reads the old ids in their store must not be " +
      "able to make the tokens that follow them.",
  );
}

/** `value`, where it has these methods. */
export function withMethods<T>(
  option: string,
  value: T,
  methods: readonly (keyof T & string)[],
): T {
  const isObject = typeof value === "object" && value !== null;
  const has = (method: keyof T): boolean => isObject && typeof value[method] === "function";
  if (methods.every(has)) return value;
  throw new OptionsError(option, `must have ${methods.map((name) => `${name}()`).join(" and ")}.`);
}

/** `value`, where it is a function. */
export function requiredFunction<T>(option: string, value: T): T {
  if (typeof value === "function") return value;
  throw new OptionsError(option, "must be a function.");
}
