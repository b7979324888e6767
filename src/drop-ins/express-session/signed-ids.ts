import { type Secret, sign, unsign } from "./signature.ts";

/** Of each of two generations: what is not asked for any more is forgotten. */
const MAX_KNOWN = 2_048;

/**
 * The ids in signed cookies. Which cookies were signed is remembered for a while: a visitor sends the
 * same one with each request, and to sign it again costs more than all else that is done for a read.
 */
export class SignedIds {
  readonly #secrets: readonly Secret[];
  #known = new Map<string, string>();
  #before: ReadonlyMap<string, string> = new Map();

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets;
  }

  /**
   * The id that a cookie's value in a header holds: `undefined` where it is of another form, `""`
   * where none of the secrets has signed it.
   */
  read(raw: string): string | undefined {
    const known = this.#known.get(raw) ?? this.#before.get(raw);
    return known ?? this.#verified(raw, decoded(raw));
  }

  /** The same of a value that somebody else has decoded. */
  readDecoded(value: unknown): string | undefined {
    if (typeof value !== "string" || !value.startsWith("s:")) return undefined;
    return unsign(value.slice(2), this.#secrets) ?? "";
  }

  /** The value of a cookie with this id. The first secret signs it. */
  write(id: string): string {
    const [secret] = this.#secrets;
    return `s:${sign(id, secret as Secret)}`;
  }

  #verified(raw: string, value: string): string | undefined {
    const id = this.readDecoded(value);
    if (!id) return id;
    if (this.#known.size >= MAX_KNOWN) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(raw, id);
    return id;
  }
}

function decoded(raw: string): string {
  const value = raw.startsWith('"') ? raw.slice(1, -1) : raw;
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
