import { type Duration, durationMs } from "../core/duration.ts";
import { type Clock, pooledRandom } from "../core/environment.ts";
import { OptionsError } from "../core/errors.ts";
import { encode, type JsonValue, parse } from "../core/json.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import { type Binding, bindTo } from "./binding.ts";
import { type Key, type KeyList, KeyRing, type Keys } from "./key-ring.ts";
import { Sealer } from "./sealer.ts";
import { Signer } from "./signer.ts";

/** What {@link unseal}, {@link sign} and {@link unsign} need to know. */
export interface SealingOptions {
  /** The keys: the first one seals, all of them open. Make one with `npx sojourn secret`. */
  readonly keys: Keys;
  /**
   * What the text is for, such as `"password reset"`. It opens for this purpose only, so choose one
   * of its own for each thing that you seal.
   */
  readonly purpose: string;
  /**
   * Tells the time; for tests.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: Clock | undefined;
}

/** What {@link seal} needs to know. */
export interface SealOptions extends SealingOptions {
  /**
   * How long the text opens.
   *
   * @defaultValue for ever
   */
  readonly expiresIn?: Duration | undefined;
}

/**
 * Encrypts a value into a text for a cookie, a link or a form: whoever carries it can neither read
 * nor change it, but can keep a copy and bring it again. About 94 characters, and four for every
 * three bytes of JSON, rounded up to hide the length.
 *
 * @throws {@link CodecError} if JSON would change or lose the value.
 * @throws {@link OptionsError} if an option is wrong or a key is weak.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const text = seal({ userId: "u1" }, { keys, purpose: "unsubscribe", expiresIn: "30d" });
 */
export function seal(value: JsonValue, options: SealOptions): string {
  const { sealer, binding } = toolsFor("seal", options);
  const { expiresIn, clock = Date } = options;
  const json = encode(value, "value");
  if (expiresIn === undefined) return sealer.seal(`[${json}]`, binding);
  const expiresAt = clock.now() + durationMs("seal.expiresIn", expiresIn);
  return sealer.seal(`[${json},${expiresAt}]`, binding);
}

/**
 * The value that {@link seal} made the text of; `undefined` where the text was changed, has
 * expired, was sealed for another purpose or under a key that is not there, or is anything else.
 *
 * @throws {@link OptionsError} if an option is wrong or a key is weak; never for the text.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const link = unseal(new URL(url).searchParams.get("t"), { keys, purpose: "unsubscribe" });
 * if (link === undefined) return new Response("This link has expired.", { status: 410 });
 */
export function unseal(text: unknown, options: SealingOptions): JsonValue | undefined {
  const { sealer, binding } = toolsFor("unseal", options);
  const opening = sealer.open(text, binding);
  if (opening.kind !== "opened") return undefined;
  const frame = parse(opening.text);
  if (!Array.isArray(frame)) return undefined;
  const [value, expiresAt = Number.POSITIVE_INFINITY] = frame as readonly JsonValue[];
  const { clock = Date } = options;
  return typeof expiresAt === "number" && clock.now() < expiresAt ? value : undefined;
}

/**
 * Signs a value that the browser's scripts are meant to read, such as a theme: nobody can change
 * it, everybody can read it. What is private belongs into {@link seal}.
 *
 * The text has three parts with dots between; the second one is the JSON as base64url.
 *
 * @throws {@link CodecError} if JSON would change or lose the value.
 * @throws {@link OptionsError} if an option is wrong or a key is weak.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const text = sign({ theme: "dark" }, { keys, purpose: "preferences" });
 */
export function sign(value: JsonValue, options: SealingOptions): string {
  const { signer, binding } = toolsFor("sign", options);
  return signer.sign(encode(value, "value"), binding);
}

/**
 * The value that {@link sign} made the text of; `undefined` where the text is anything else.
 *
 * @throws {@link OptionsError} if an option is wrong or a key is weak; never for the text.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const preferences = unsign(token, { keys, purpose: "preferences" });
 */
export function unsign(text: unknown, options: SealingOptions): JsonValue | undefined {
  const { signer, binding } = toolsFor("unsign", options);
  const opening = signer.verify(text, binding);
  return opening.kind === "opened" ? parse(opening.text) : undefined;
}

interface Tools {
  readonly ring: KeyRing;
  readonly sealer: Sealer;
  readonly signer: Signer;
}

const KEPT_RINGS = 8;
const random = pooledRandom();
const recent: Tools[] = [];
const byFunction = new WeakMap<() => KeyList, Tools>();

function toolsFor(caller: string, options: SealingOptions): Tools & { readonly binding: Binding } {
  requireKnownKeys(caller, options, KNOWN[caller] ?? []);
  const { keys, purpose } = options;
  if (typeof purpose !== "string" || purpose === "" || !purpose.isWellFormed()) {
    throw new OptionsError(
      `${caller}.purpose`,
      'must say what the text is for, such as "password reset".',
    );
  }
  // Apart from what the library itself seals under the same keys.
  const binding = bindTo("sojourn/value", purpose);
  return { ...toolsOf(`${caller}.keys`, keys), binding };
}

const COMMON = ["keys", "purpose", "clock"];
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  seal: [...COMMON, "expiresIn"],
  unseal: COMMON,
  sign: COMMON,
  unsign: COMMON,
};

/** Checking and deriving keys costs some 50 µs, so the few that a program has are remembered. */
function toolsOf(option: string, keys: Keys): Tools {
  if (typeof keys === "function") {
    const known = byFunction.get(keys);
    if (known !== undefined) return known;
    const made = makeTools(option, keys);
    byFunction.set(keys, made);
    return made;
  }
  const list: readonly Key[] = Array.isArray(keys) ? keys : [keys as Key];
  const known = recent.find(({ ring }) => ring.isOf(list));
  if (known !== undefined) return known;
  const made = makeTools(option, keys);
  recent.unshift(made);
  recent.length = Math.min(recent.length, KEPT_RINGS);
  return made;
}

function makeTools(option: string, keys: Keys): Tools {
  const ring = new KeyRing(option, keys);
  // Here they are used at once.
  void ring.first;
  return { ring, sealer: new Sealer(ring, random), signer: new Signer(ring) };
}
