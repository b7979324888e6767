import { OptionsError, StoreError, type StoreOperation } from "../../core/errors.ts";
import type { ContentProblem } from "../../core/unopened.ts";
import type { Binding } from "../../sealing/binding.ts";
import type { BoundSealer } from "../../sealing/bound-sealer.ts";
import type { Opening } from "../../sealing/opening.ts";
import type { Sealer } from "../../sealing/sealer.ts";
import { keyIdOf, type RetiredKeys } from "./retired-keys.ts";

/** What came of a text: itself, or why nobody is to have it. */
export type Reading =
  | { readonly kind: "opened"; readonly text: string }
  | { readonly kind: "retired" }
  | Refusal;

export interface Refusal {
  readonly kind: "refused";
  readonly problem: ContentProblem;
  readonly why: string;
}

export function refusal(problem: ContentProblem, why: string): Refusal {
  return { kind: "refused", problem, why };
}

/** Seals texts under the keys that there are, and opens what they, or retired ones, have sealed. */
export class SealedTexts {
  readonly #sealer: Sealer;
  readonly #bound: BoundSealer;
  readonly #retired: RetiredKeys;

  constructor(sealer: Sealer, bound: BoundSealer, retired: RetiredKeys) {
    this.#sealer = sealer;
    this.#bound = bound;
    this.#retired = retired;
  }

  /** @param secret - Where it is to open with that alone. @throws {@link StoreError} without keys. */
  seal(operation: StoreOperation, text: string, binding: Binding, secret?: string): string {
    const sealed = withKeys(operation, () =>
      secret === undefined
        ? this.#sealer.seal(text, binding)
        : this.#bound.seal(text, binding, secret),
    );
    // A function of keys may return one that nobody would open again.
    if (this.isRetired(sealed)) throw new StoreError(operation, "failed", RETIRED_FIRST);
    return sealed;
  }

  open(
    operation: StoreOperation,
    sealed: string | undefined,
    binding: Binding,
    secret?: string,
  ): Reading {
    if (sealed === undefined) return refusal("altered", NOT_SEALED);
    if (this.isRetired(sealed)) return { kind: "retired" };
    const opening: Opening = withKeys(operation, () =>
      secret === undefined
        ? this.#sealer.open(sealed, binding)
        : this.#bound.open(sealed, binding, secret),
    );
    if (opening.kind === "opened") return opening;
    return opening.kind === "unknownKey"
      ? refusal("unknownKey", unknownKey(keyIdOf(sealed)))
      : refusal("altered", ALTERED);
  }

  isRetired(sealed: string): boolean {
    return this.#retired.has(sealed);
  }
}

const NOT_SEALED =
  "a record in it is not encrypted; if it was stored before encryption was turned on, set acceptPlain";
export const ALTERED = "a record in it was altered, or copied from another session";
const RETIRED_FIRST = "the first of the keys is one of those in retired";

function unknownKey(id: string): string {
  return (
    `a record in it is sealed under a key that is not in keys, ${id}; add the old key at the end, ` +
    "or, if it must not be used any more, to retired"
  );
}

/** A function of keys that fails has written nothing. */
function withKeys<T>(operation: StoreOperation, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof OptionsError)) throw cause;
    throw new StoreError(operation, "failed", "the keys to encrypt by are not there", { cause });
  }
}
