import { durationMs } from "../../core/duration.ts";
import type { Environment } from "../../core/environment.ts";
import { CodecError, OptionsError } from "../../core/errors.ts";
import { encode, type JsonValue, parse } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import type { Schema } from "../../core/schema.ts";
import { type Binding, bindTo } from "../../sealing/binding.ts";
import { KeyRing } from "../../sealing/key-ring.ts";
import type { Opening } from "../../sealing/opening.ts";
import { Sealer } from "../../sealing/sealer.ts";
import { Signer } from "../../sealing/signer.ts";
import { type Check, checkBy, checkOneOf, UNCHECKED } from "./checks.ts";
import type { KeyedCookieOptions } from "./options.ts";
import type { OwnCookieReading } from "./reading.ts";

/** Turns the values of one cookie into its texts, and back. */
export interface Codec {
  /** What its readings show is one visitor's own, and for nobody else. */
  readonly isSecret: boolean;
  /** Whether a text proves that this application has written it. */
  readonly isProof: boolean;
  /** @throws {@link CodecError} if the value cannot be read back as it is. */
  write(value: unknown): string;
  read(text: string): OwnCookieReading<unknown>;
}

/** What codecs take from outside. */
export interface CodecParts {
  /** The cookie's, in errors. */
  readonly name: string;
  /** With its prefix, as it stands in the header over HTTPS. */
  readonly fullName: string;
  readonly environment: Environment;
}

/** Texts as they are, but for what no cookie can carry. */
export function plainCodec(
  name: string,
  options: {
    readonly values?: readonly string[] | undefined;
    readonly schema?: Schema<unknown> | undefined;
  },
): Codec {
  const { values, schema } = options;
  if (values !== undefined && schema !== undefined) {
    throw new OptionsError("values", "the schema says which values there are. Leave one out.");
  }
  const check = values === undefined ? checkOf(name, schema) : checkOneOf(name, values);
  return {
    isSecret: false,
    isProof: false,
    write: (value) => {
      if (typeof value !== "string" || !value.isWellFormed()) {
        const problem = "a plain cookie holds a text, without halves of surrogate pairs.";
        throw new CodecError(name, problem, typeof value === "string" ? "input" : "type");
      }
      check(value);
      return encodeURIComponent(value);
    },
    read: (text) => {
      const value = decoded(text);
      if (value === undefined) return MALFORMED;
      return checked(check, value, { setAt: undefined, isCurrent: true });
    },
  };
}

/** JSON and the time, signed or sealed for this cookie alone. */
export function keyedCodec(
  kind: "signed" | "sealed",
  options: KeyedCookieOptions & { readonly schema?: Schema<unknown> | undefined },
  { name, fullName, environment }: CodecParts,
): Codec {
  const { keys, audience, maxAge = USUAL_MAX_AGE, schema } = options;
  if (keys === undefined) throw new OptionsError("keys", KEYS_ADVICE);
  const maxAgeMs = durationMs("cookie.maxAge", maxAge);
  const parts = audience === undefined ? [] : [audience];
  const binding = bindTo(`sojourn/cookie-${kind}`, fullName, ...parts);
  const ring = new KeyRing("keys", keys);
  const cipher =
    kind === "signed" ? signing(ring, binding) : sealing(ring, environment.random, binding);
  const check = checkOf(name, schema);
  return {
    isSecret: kind === "sealed",
    isProof: true,
    write: (value) => {
      const json = encode(value, name);
      check(value);
      return cipher.write(`[${json},${environment.now()}]`);
    },
    read: (text) => {
      const opening = cipher.open(text);
      if (opening.kind !== "opened") return { reason: opening.kind };
      const frame = frameIn(opening.text);
      if (frame === undefined) return MALFORMED;
      const { value, setAt } = frame;
      if (!isInTime(setAt, environment.now(), maxAgeMs)) return { reason: "expired" };
      return checked(check, value, { setAt, isCurrent: opening.isCurrent });
    },
  };
}

interface Cipher {
  write(text: string): string;
  open(text: string): Opening;
}

function signing(ring: KeyRing, binding: Binding): Cipher {
  const signer = new Signer(ring);
  return {
    write: (text) => signer.sign(text, binding),
    open: (text) => signer.verify(text, binding),
  };
}

function sealing(ring: KeyRing, random: Environment["random"], binding: Binding): Cipher {
  const sealer = new Sealer(ring, random);
  return {
    write: (text) => sealer.seal(text, binding),
    open: (text) => sealer.open(text, binding),
  };
}

const USUAL_MAX_AGE = "31d";
const KEYS_ADVICE =
  'it needs them. Make one with "npx sojourn secret", and write ' +
  'keys: [process.env["SESSION_KEY"] ?? ""].';

const MALFORMED = { reason: "malformed" } as const;

/** Another server's clock may be ahead; what it dates further ahead would count too long. */
const MAX_AHEAD_MS = 3_600_000;

function isInTime(setAt: EpochMs, now: EpochMs, maxAgeMs: number): boolean {
  return now - setAt < maxAgeMs && setAt - now < MAX_AHEAD_MS;
}

function frameIn(text: string): { readonly value: JsonValue; readonly setAt: EpochMs } | undefined {
  const frame = parse(text);
  if (!Array.isArray(frame) || frame.length !== 2) return undefined;
  const [value, setAt] = frame as readonly JsonValue[];
  return value === undefined || typeof setAt !== "number" ? undefined : { value, setAt };
}

function checkOf(name: string, schema: Schema<unknown> | undefined): Check {
  return schema === undefined ? UNCHECKED : checkBy(name, schema);
}

function checked(
  check: Check,
  value: JsonValue,
  facts: { readonly setAt: number | undefined; readonly isCurrent: boolean },
): OwnCookieReading<unknown> {
  try {
    return { value: check(value), ...facts };
  } catch (error) {
    if (error instanceof CodecError) return { reason: "schema" };
    throw error;
  }
}

/** Text that a script or another program has written need not be encoded well. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
