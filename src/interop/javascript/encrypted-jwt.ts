import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { type JsonObject, parseObject } from "../../core/json.ts";
import { decodedBase64url } from "../python/base64url.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { MAX_CHARACTERS } from "./cookie-text.ts";

/** How the content of a token is encrypted. */
export type Encryption = "A256CBC-HS512" | "A256GCM";

/** The keys that a token may be encrypted with, each for one encryption. */
export interface TokenKeys {
  keysFor(encryption: Encryption): readonly Buffer[];
}

/** The claims of a token, or why it is not believed. Their times are not looked at. */
export type OpenedToken =
  | { readonly ok: true; readonly claims: JsonObject }
  | { readonly ok: false; readonly reason: "malformed" | "altered" | "corrupt" };

const KEY_BYTES: Readonly<Record<Encryption, number>> = { "A256CBC-HS512": 64, A256GCM: 32 };

/** The keys that HKDF makes of secrets, with SHA-256. */
export function tokenKeys(secrets: readonly PySecret[], salt: string, info: string): TokenKeys {
  const keyFor = (secret: PySecret, encryption: Encryption): Buffer =>
    Buffer.from(hkdfSync("sha256", secret, salt, info, KEY_BYTES[encryption]));
  return { keysFor: (encryption) => secrets.map((secret) => keyFor(secret, encryption)) };
}

const FORM = /^([\w-]{2,1024})\.\.([\w-]{16,22})\.([\w-]+)\.([\w-]{22,43})$/;

/**
 * Opens a JWT that is encrypted with a shared key (RFC 7516, `dir`). Its header may choose among the
 * encryptions that are known, and nothing else: no signature, no wrapped key, no compression.
 *
 * @param allowed - The encryptions that the library reads.
 */
export function openedToken(
  text: string,
  keys: TokenKeys,
  allowed: readonly Encryption[],
): OpenedToken {
  const [, header = "", ...rest] = text.length > MAX_CHARACTERS ? [] : (FORM.exec(text) ?? []);
  const encryption = encryptionIn(header, allowed);
  const [iv, content, tag] = rest.map(decodedBase64url);
  if (encryption === undefined || iv === undefined || content === undefined || tag === undefined) {
    return { ok: false, reason: "malformed" };
  }
  const sealed = { header, iv, content, tag };
  for (const key of keys.keysFor(encryption)) {
    const plain = OPENERS[encryption](sealed, key);
    if (plain !== undefined) return claimsIn(plain);
  }
  return { ok: false, reason: "altered" };
}

interface Sealed {
  readonly header: string;
  readonly iv: Buffer;
  readonly content: Buffer;
  readonly tag: Buffer;
}

function encryptionIn(header: string, allowed: readonly Encryption[]): Encryption | undefined {
  const bytes = decodedBase64url(header);
  const { alg, enc, zip, crit } = (bytes && parseObject(bytes.toString())) ?? {};
  if (alg !== "dir" || zip !== undefined || crit !== undefined) return undefined;
  return allowed.find((encryption) => encryption === enc);
}

function claimsIn(plain: Buffer): OpenedToken {
  const claims = parseObject(decodedUtf8(plain) ?? "");
  return claims === undefined ? { ok: false, reason: "corrupt" } : { ok: true, claims };
}

const OPENERS: Readonly<Record<Encryption, (sealed: Sealed, key: Buffer) => Buffer | undefined>> = {
  "A256CBC-HS512": (sealed, key) => {
    const { iv, content, tag } = sealed;
    const mac = macOf(sealed, key.subarray(0, 32));
    const isIntact = iv.length === 16 && tag.length === 32 && timingSafeEqual(mac, tag);
    if (!isIntact) return undefined;
    return decrypted(() => {
      const decipher = createDecipheriv("aes-256-cbc", key.subarray(32), iv);
      return Buffer.concat([decipher.update(content), decipher.final()]);
    });
  },
  A256GCM: ({ header, iv, content, tag }, key) => {
    if (iv.length !== 12 || tag.length !== 16) return undefined;
    return decrypted(() => {
      const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
      decipher.setAAD(Buffer.from(header)).setAuthTag(tag);
      return Buffer.concat([decipher.update(content), decipher.final()]);
    });
  },
};

/** RFC 7518 §5.2.2.1: over the header, the vector, the content, and the header's length in bits. */
function macOf({ header, iv, content }: Sealed, key: Buffer): Buffer {
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(header.length * 8));
  const mac = createHmac("sha512", key).update(header).update(iv).update(content).update(bits);
  return mac.digest().subarray(0, 32);
}

/** Node throws where the tag or the padding is another. */
function decrypted(decrypt: () => Buffer): Buffer | undefined {
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
