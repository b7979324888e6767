import { createHmac, type KeyObject } from "node:crypto";
import { decodedBase64 } from "../python/base64url.ts";
import { derivedKey, type PySecret } from "../python/itsdangerous/derived-key.ts";
import { MAX_PAYLOAD_BYTES } from "../python/itsdangerous/payload.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import { isSameText } from "../python/same-text.ts";
import type { PyDict } from "../python/values.ts";
import { jsonSession } from "./django-json.ts";
import type { DjangoWriting } from "./signed-session.ts";

/** What {@link LegacySessionData.read} answers. */
export type LegacyReading =
  | { readonly ok: true; readonly session: PyDict }
  | { readonly ok: false; readonly reason: "malformed" | "altered" | "corrupt" | "tooLarge" };

/** The hash as hex digits, and the colon after it. */
const HEAD_BYTES = 41;
const MAX_CHARACTERS: number = Math.ceil(((HEAD_BYTES + MAX_PAYLOAD_BYTES) * 4) / 3) + 4;

/** Reads and writes `session_data` as Django did before 3.1: base64 of `hash:json`. */
export class LegacySessionData {
  readonly #key: KeyObject;

  constructor(secret: PySecret, storeClass: string) {
    const salt = `django.contrib.sessions${storeClass}`;
    this.#key = derivedKey({ secret, salt, derivation: "concat", digest: "sha1" });
  }

  /** Reads a record of that form. */
  read(text: string): LegacyReading {
    if (text.length > MAX_CHARACTERS) return { ok: false, reason: "tooLarge" };
    const bytes = decodedBase64(text);
    if (bytes?.[HEAD_BYTES - 1] !== 0x3a) return { ok: false, reason: "malformed" };
    const json = bytes.subarray(HEAD_BYTES);
    const hash = bytes.toString("latin1", 0, HEAD_BYTES - 1);
    if (!isSameText(hash, this.#hash(json))) return { ok: false, reason: "altered" };
    const session = jsonSession(json);
    return session === undefined ? { ok: false, reason: "corrupt" } : { ok: true, session };
  }

  /** Writes a record of that form. */
  write(session: PyDict): DjangoWriting {
    const json = writePyJson(session);
    if (!json.ok) return json;
    const bytes = Buffer.from(`${this.#hash(Buffer.from(json.text))}:${json.text}`);
    return { ok: true, text: bytes.toString("base64") };
  }

  #hash(json: Buffer): string {
    return createHmac("sha1", this.#key).update(json).digest("hex");
  }
}
