import { OptionsError } from "../core/errors.ts";
import { areMissing } from "./missing-keys.ts";
import { RingKey } from "./ring-key.ts";
import { type Key, secretBytes } from "./secret.ts";

export type { Key } from "./secret.ts";

/** One key, or several: the first one seals, all of them open. */
export type KeyList = Key | readonly Key[];

/**
 * The keys: one, several, or a function that returns them, for rotation without a restart. The
 * function is called for every text that is sealed or opened, so it must be quick: load the keys
 * elsewhere and return the newest. As long as it returns the same keys, nothing is derived again.
 */
export type Keys = KeyList | (() => KeyList);

/** How a sealed, a signed, or a bound text names its key. */
type Head = "sealHead" | "signHead" | "boundHead";

const MAX_KEYS = 32;

/** Keys in order, each found directly by what a text begins with: nothing is ever tried out. */
export class KeyRing {
  readonly #option: string;
  readonly #source: (() => KeyList) | undefined;
  /** `undefined` until there are any. */
  #given: readonly Key[] | undefined;
  #keys: readonly RingKey[];

  /**
   * @param option - What the keys are called where they were given, for errors.
   * @throws {@link OptionsError} if a key is weak or there twice, or if the function fails. Where none
   * is there at all, at their first use.
   */
  constructor(option: string, keys: Keys) {
    const given = typeof keys === "function" ? called(option, keys) : keys;
    const isMissing = areMissing(given);
    const asGiven = (): KeyList => given;
    this.#option = option;
    this.#source = typeof keys === "function" ? keys : isMissing ? asGiven : undefined;
    this.#given = isMissing ? undefined : listed(option, given);
    this.#keys = ringKeys(option, this.#given ?? []);
  }

  /** The key that seals. @throws {@link OptionsError} if the function of keys fails. */
  get first(): RingKey {
    return this.#current()[0] as RingKey;
  }

  /** The key that a text begins with. @throws {@link OptionsError} if the function of keys fails. */
  find(by: Head, head: string): RingKey | undefined {
    return this.#current().find((key) => key[by] === head);
  }

  /** Whether it was made of just these keys. */
  isOf(keys: readonly Key[]): boolean {
    return this.#given !== undefined && areSame(keys, this.#given);
  }

  #current(): readonly RingKey[] {
    if (this.#source === undefined) return this.#keys;
    const keys = called(this.#option, this.#source);
    if (this.#given === undefined || !isSame(keys, this.#given))
      this.#replace(listed(this.#option, keys));
    return this.#keys;
  }

  // A key that stays keeps what was derived from it.
  #replace(given: readonly Key[]): void {
    const fresh = ringKeys(this.#option, given);
    this.#keys = fresh.map((key) => this.#keys.find((old) => old.isSame(key)) ?? key);
    this.#given = given;
  }
}

function called(option: string, source: () => KeyList): KeyList {
  try {
    return source();
  } catch (cause) {
    throw new OptionsError(option, "the function of keys threw instead of returning them.", {
      cause,
    });
  }
}

function isSame(keys: KeyList, given: readonly Key[]): boolean {
  if (Array.isArray(keys)) return areSame(keys, given);
  return given.length === 1 && keys === given[0];
}

function areSame(keys: readonly Key[], given: readonly Key[]): boolean {
  return keys.length === given.length && keys.every((key, place) => key === given[place]);
}

/** The keys as a list of our own. */
function listed(option: string, keys: unknown): readonly Key[] {
  if (typeof keys === "string" || keys instanceof Uint8Array) return [keys];
  if (!Array.isArray(keys)) {
    const isPromise = keys instanceof Promise;
    throw new OptionsError(
      option,
      isPromise
        ? "the function of keys must return them at once. Load them first, and return the newest."
        : "must be a key, a list of keys, or a function that returns them. " +
            'Make a key with "npx sojourn secret".',
    );
  }
  if (keys.length === 0 || keys.length > MAX_KEYS) {
    throw new OptionsError(option, `takes 1 to ${MAX_KEYS} keys, not ${keys.length}.`);
  }
  return [...keys];
}

function ringKeys(option: string, given: readonly Key[]): readonly RingKey[] {
  const ring: RingKey[] = [];
  for (const [place, key] of given.entries()) {
    const name = given.length === 1 ? option : `${option}[${place}]`;
    const ringKey = new RingKey(secretBytes(name, key));
    const twin = ring.findIndex((other) => other.sealHead === ringKey.sealHead);
    if (twin !== -1) {
      throw new OptionsError(name, `is the same key as ${option}[${twin}]. Leave one out.`);
    }
    ring.push(ringKey);
  }
  return ring;
}
