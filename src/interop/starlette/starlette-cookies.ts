import { decodedBase64 } from "../python/base64url.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { MAX_PAYLOAD_BYTES } from "../python/itsdangerous/payload.ts";
import { TimedPySigner, type TimedUnsigned } from "../python/itsdangerous/timed-py-signer.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import type { PyRefusal } from "../python/refusal.ts";
import type { EpochMs, TimeBounds } from "../python/time-bounds.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { PyDict } from "../python/values.ts";

/** What {@link StarletteCookies.read} answers. */
export type StarletteReading =
  | { readonly ok: true; readonly session: PyDict; readonly issuedAt: EpochMs }
  | (TimedUnsigned & { readonly ok: false })
  /** Signed with the application's own key; Starlette itself would answer it with an error. */
  | { readonly ok: false; readonly reason: "corrupt" | "tooLarge"; readonly issuedAt: EpochMs };

/** What {@link StarletteCookies.write} answers. */
export type StarletteWriting =
  | { readonly ok: true; readonly cookie: string }
  | { readonly ok: false; readonly refusal: PyRefusal };

/** Reads and writes the cookies of the `SessionMiddleware` of Starlette, and so of FastAPI. */
export class StarletteCookies {
  readonly #signer: TimedPySigner;

  /** Takes the middleware's `secret_key`. It knows no other, older ones. */
  constructor(secretKey: PySecret) {
    const salt = "itsdangerous.Signer";
    this.#signer = new TimedPySigner({ keys: [secretKey], salt, derivation: "django-concat" });
  }

  /** Reads a cookie. The middleware gives its `max_age`: 14 days, if it was not told otherwise. */
  read(cookie: string, bounds: TimeBounds): StarletteReading {
    const unsigned = this.#signer.unsign(cookie, bounds);
    if (!unsigned.ok) return unsigned;
    const { value, issuedAt } = unsigned;
    const bytes = decodedBase64(value);
    if (bytes === undefined) return { ok: false, reason: "corrupt", issuedAt };
    if (bytes.length > MAX_PAYLOAD_BYTES) return { ok: false, reason: "tooLarge", issuedAt };
    const session = sessionIn(bytes);
    if (session === undefined) return { ok: false, reason: "corrupt", issuedAt };
    return { ok: true, session, issuedAt };
  }

  /** Writes a session as the middleware does. */
  write(session: PyDict, now: EpochMs): StarletteWriting {
    const json = writePyJson(session, { spaces: true });
    if (!json.ok) return json;
    return { ok: true, cookie: this.#signer.sign(Buffer.from(json.text).toString("base64"), now) };
  }
}

function sessionIn(bytes: Buffer): PyDict | undefined {
  const text = decodedUtf8(bytes);
  const json = text === undefined ? undefined : readPyJson(text);
  return json?.ok && json.value instanceof PyDict ? json.value : undefined;
}
