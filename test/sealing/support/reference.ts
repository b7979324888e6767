/**
 * The formats of docs/sealed-format.md, written a second time from that page alone: with WebCrypto,
 * and sharing no line with `src/sealing`.
 */
const { subtle } = globalThis.crypto;

/** A text of the documented form, taken apart and opened; `undefined` if it does not open. */
export async function referenceOpen(
  sealed: string,
  secret: Uint8Array,
  binding: readonly string[],
): Promise<string | undefined> {
  const message = Uint8Array.from(Buffer.from(sealed, "base64url"));
  const salt = message.slice(6, 22);
  const material = await hkdf(secret, salt, "sojourn/seal/v1", 52);
  const id = (await hkdf(secret, new Uint8Array(0), "sojourn/key-id/v1", 32)).slice(0, 5);
  const prefix = Buffer.concat([Buffer.of(1), id, salt, material.slice(32)]);
  if (!prefix.equals(message.slice(0, 42))) return undefined;
  const key = await subtle.importKey("raw", material.slice(0, 32), "AES-GCM", false, ["decrypt"]);
  const parameters = {
    name: "AES-GCM",
    iv: message.slice(42, 54),
    additionalData: bound(binding),
    tagLength: 128,
  };
  const padded = await subtle.decrypt(parameters, key, message.slice(54)).catch(() => undefined);
  if (padded === undefined) return undefined;
  const bytes = Buffer.from(padded);
  return bytes.toString("utf8", 0, bytes.lastIndexOf(0x80));
}

/** The signed form of a text. */
export async function referenceSign(
  text: string,
  secret: Uint8Array,
  binding: readonly string[],
): Promise<string> {
  const id = (await hkdf(secret, new Uint8Array(0), "sojourn/key-id/v1", 32)).slice(0, 5);
  const material = await hkdf(secret, new Uint8Array(0), "sojourn/sign/v1", 32);
  const hash = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("raw", material, hash, false, ["sign"]);
  const payload = Buffer.from(text, "utf8").toString("base64url");
  const context = bound(binding);
  const signed = Buffer.concat([lengthOf(context), context, Buffer.from(payload, "latin1")]);
  const mac = Buffer.from(await subtle.sign("HMAC", key, Uint8Array.from(signed)));
  const head = Buffer.concat([Buffer.of(2), id]);
  return [head, mac].map((part) => part.toString("base64url")).join(`.${payload}.`);
}

async function hkdf(
  secret: Uint8Array,
  salt: Uint8Array,
  info: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await subtle.importKey("raw", Uint8Array.from(secret), "HKDF", false, ["deriveBits"]);
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: Uint8Array.from(salt),
    info: new TextEncoder().encode(info),
  };
  return new Uint8Array(await subtle.deriveBits(parameters, key, 8 * length));
}

function bound(parts: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = parts.map((part) => Buffer.from(part, "utf8"));
  return Uint8Array.from(Buffer.concat(encoded.flatMap((part) => [lengthOf(part), part])));
}

function lengthOf(bytes: Uint8Array): Buffer {
  return Buffer.of(bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length);
}
