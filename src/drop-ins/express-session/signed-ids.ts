import { type Secret, sign, unsign } from "./signature.ts";

/** Of each of two generations: what is not asked for any more is forgotten. */
const MAX_KNOWN = 2_048;

/** What was found in a cookie, and which secret had signed it. */
interface Known {
  readonly id: string;
  readonly secret: Secret;
}

/**
 * The ids in signed cookies. Which cookies were signed is remembered for a while: a visitor sends the
 * same one with each request, and to sign it again costs more than all else that is done for a read.
 */
export class SignedIds {
  readonly #secrets: readonly Secret[];
  #known = new Map<string, Known>();
  #before: ReadonlyMap<string, Known> = new Map();

  /** @param secrets - The application's own array: what it changes in it counts from then on. */
  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets;
  }

  /**
   * The id that a cookie's value in a header holds: `undefined` where it is of another form, `""`
   * where none of the secrets has signed it.
   */
  read(raw: string): string | undefined {
    const known = this.#known.get(raw) ?? this.#before.get(raw);
    if (known !== undefined && this.#secrets.includes(known.secret)) return known.id;
    const value = decoded(raw);
    if (!isSigned(value)) return undefined;
    const found = this.#verified(value);
    // A Buffer can be overwritten in place, and then it has signed nothing.
    if (found !== undefined && !ArrayBuffer.isView(found.secret)) this.#remember(raw, found);
    return found?.id ?? "";
  }

  /** The same of a value that somebody else has decoded. */
  readDecoded(value: unknown): string | undefined {
    return isSigned(value) ? (this.#verified(value)?.id ?? "") : undefined;
  }

  /** The value of a cookie with this id. The first secret signs it. */
  write(id: string): string {
    const [secret] = this.#secrets;
    return `s:${sign(id, secret as Secret)}`;
  }

  #verified(value: string): Known | undefined {
    const text = value.slice(2);
    for (const secret of this.#secrets) {
      const id = unsign(text, secret);
      if (id !== undefined) return { id, secret };
    }
    return undefined;
  }

  #remember(raw: string, known: Known): void {
    if (this.#known.size >= MAX_KNOWN) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(raw, known);
  }
}

function isSigned(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("s:");
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
