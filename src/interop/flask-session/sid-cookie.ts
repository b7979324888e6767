import type { RandomBytes } from "../../core/token.ts";
import type { KeyCookie } from "../foreign/foreign-sessions.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { PySigner } from "../python/itsdangerous/py-signer.ts";

/** How the ids of a version are made: as `uuid4()`, or of so many random bytes. */
export type SidKind = "uuid4" | number;

/** What a version makes, and none that a stranger has made up: those of 16 random bytes and more. */
const FORM = /^[A-Za-z0-9_-]{22,128}$/;

/**
 * The cookie of Flask-Session: the session's id, with a signature where the application wants one.
 *
 * @param secretKey - `undefined` where ids are not signed.
 */
export function sidCookie(kind: SidKind, secretKey: PySecret | undefined): KeyCookie {
  const draw = (random: RandomBytes): string => drawn(kind, random);
  if (secretKey === undefined) {
    return { read: (value) => keyIn(value), write: (key) => key, draw };
  }
  const signer = new PySigner({ keys: [secretKey], salt: "flask-session", derivation: "hmac" });
  return {
    read: (value) => {
      const unsigned = signer.unsign(value);
      return unsigned.ok ? keyIn(unsigned.value) : unsigned.reason;
    },
    write: (key) => signer.sign(key),
    draw,
  };
}

function keyIn(value: string): { readonly key: string } | "malformed" {
  return FORM.test(value) ? { key: value } : "malformed";
}

function drawn(kind: SidKind, random: RandomBytes): string {
  if (kind !== "uuid4") return Buffer.from(random(kind)).toString("base64url");
  const bytes = Buffer.from(random(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
