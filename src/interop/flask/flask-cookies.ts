import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { payloadOf, readPayload } from "../python/itsdangerous/payload.ts";
import { TimedPySigner, type TimedUnsigned } from "../python/itsdangerous/timed-py-signer.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import type { PyRefusal } from "../python/refusal.ts";
import type { EpochMs, TimeBounds } from "../python/time-bounds.ts";
import type { PyDict } from "../python/values.ts";
import { documentIn, type FlaskDocument } from "./flask-document.ts";
import { type LossyValues, tagged } from "./tagged.ts";

/** How a Flask application signs its sessions, in the words of its configuration. */
export interface FlaskCookiesOptions {
  /** `SECRET_KEY`. */
  readonly secretKey: PySecret;
  /** `SECRET_KEY_FALLBACKS`, in the same order. @default [] */
  readonly fallbacks?: readonly PySecret[];
  /** Which key signs: Flask 3.1.0, and no other, takes the last of the fallbacks. @default "secretKey" */
  readonly signsWith?: "secretKey" | "lastFallback";
  /** `SecureCookieSessionInterface.salt`. @default "cookie-session" */
  readonly salt?: PySecret;
  /** `app.json.sort_keys`. @default "sorted" */
  readonly keyOrder?: "sorted" | "asInserted";
  /**
   * What to do with a value that Flask writes as text which it does not read back as what it was:
   * a date, a decimal. @default "refuse"
   */
  readonly lossyValues?: LossyValues;
}

/** What {@link FlaskCookies.read} answers. */
export type FlaskReading =
  | {
      readonly ok: true;
      readonly session: PyDict;
      readonly issuedAt: EpochMs;
      /** Whether the key signed it that signs now. */
      readonly isCurrent: boolean;
    }
  | FlaskFault;

/** What {@link FlaskCookies.open} answers. */
export type FlaskOpening = { readonly ok: true; readonly document: FlaskDocument } | FlaskFault;

/**
 * Why a cookie is not read. One that is `corrupt` or `tooLarge` is signed with the application's
 * own key, and Flask itself would answer it with an error.
 */
export type FlaskFault =
  | (TimedUnsigned & { readonly ok: false })
  | { readonly ok: false; readonly reason: "corrupt" | "tooLarge"; readonly issuedAt: EpochMs };

/** What {@link FlaskCookies.write} answers. */
export type FlaskWriting =
  | { readonly ok: true; readonly cookie: string }
  | { readonly ok: false; readonly refusal: PyRefusal };

/** Reads and writes the session cookies of a Flask application. */
export class FlaskCookies {
  readonly #signer: TimedPySigner;
  readonly #sortKeys: boolean;
  readonly #lossyValues: LossyValues;

  constructor(options: FlaskCookiesOptions) {
    const { salt = "cookie-session", keyOrder = "sorted", lossyValues = "refuse" } = options;
    this.#signer = new TimedPySigner({ keys: keysOf(options), salt, derivation: "hmac" });
    this.#sortKeys = keyOrder === "sorted";
    this.#lossyValues = lossyValues;
  }

  /** Reads a cookie, and of what it holds no more than is asked for. */
  open(cookie: string, bounds: TimeBounds): FlaskOpening {
    const unsigned = this.#signer.unsign(cookie, bounds);
    if (!unsigned.ok) return unsigned;
    const { issuedAt } = unsigned;
    const payload = readPayload(unsigned.value);
    if (!payload.ok) return { ...payload, issuedAt };
    const document = documentIn(payload.bytes, issuedAt);
    return document === undefined
      ? { ok: false, reason: "corrupt", issuedAt }
      : { ok: true, document };
  }

  /** Reads a cookie. Flask gives `PERMANENT_SESSION_LIFETIME` as the age of every one. */
  read(cookie: string, bounds: TimeBounds): FlaskReading {
    const unsigned = this.#signer.unsign(cookie, bounds);
    if (!unsigned.ok) return unsigned;
    const { issuedAt, isCurrent } = unsigned;
    const payload = readPayload(unsigned.value);
    if (!payload.ok) return { ...payload, issuedAt };
    const session = documentIn(payload.bytes, issuedAt)?.dict;
    if (session === undefined) return { ok: false, reason: "corrupt", issuedAt };
    return { ok: true, session, issuedAt, isCurrent };
  }

  /** Writes a session as Flask does. */
  write(session: PyDict, now: EpochMs): FlaskWriting {
    const tags = tagged(session, this.#lossyValues);
    if (!tags.ok) return tags;
    const json = writePyJson(tags.value, { sortKeys: this.#sortKeys });
    if (!json.ok) return json;
    return { ok: true, cookie: this.#signer.sign(payloadOf(json.text), now) };
  }
}

function keysOf({ secretKey, fallbacks = [], signsWith }: FlaskCookiesOptions): PySecret[] {
  return signsWith === "lastFallback" ? [secretKey, ...fallbacks] : [...fallbacks, secretKey];
}
