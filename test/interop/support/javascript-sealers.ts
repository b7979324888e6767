import { createCipheriv, createHmac, hkdfSync, pbkdf2Sync } from "node:crypto";
import { sodium } from "./sodium.ts";

/** As cookie-signature, and as better-auth with the padding. */
export function signed(value: string, secret: string, padding = ""): string {
  const mac = createHmac("sha256", secret).update(value).digest("base64").replace(/=+$/, padding);
  return `${value}.${mac}`;
}

/** As the package cookies. */
export function signatureBeside(name: string, value: string, key: string): string {
  return createHmac("sha1", key).update(`${name}=${value}`).digest("base64url");
}

/** As Iron, with salts that are no secret here. */
export function ironSeal(text: string, password: string, id = "", expiration = ""): string {
  const salt = "ab".repeat(32);
  const key = pbkdf2Sync(password, salt, 1, 32, "sha1");
  const cipher = createCipheriv("aes-256-cbc", key, Buffer.alloc(16, 1));
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  const iv = Buffer.alloc(16, 1).toString("base64url");
  const base = `Fe26.2*${id}*${salt}*${iv}*${encrypted.toString("base64url")}*${expiration}`;
  return `${base}*${salt}*${createHmac("sha256", key).update(base).digest("base64url")}`;
}

/** As Auth.js 5; the header may be any. */
export function encryptedToken(
  text: string,
  secret: string,
  cookieName: string,
  header: object = { alg: "dir", enc: "A256CBC-HS512" },
): string {
  const info = `Auth.js Generated Encryption Key (${cookieName})`;
  const key = Buffer.from(hkdfSync("sha256", secret, cookieName, info, 64));
  const head = Buffer.from(JSON.stringify(header)).toString("base64url");
  const iv = Buffer.alloc(16, 2);
  const cipher = createCipheriv("aes-256-cbc", key.subarray(32), iv);
  const content = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  const bits = Buffer.alloc(8);
  bits.writeUInt32BE(head.length * 8, 4);
  const mac = createHmac("sha512", key.subarray(0, 32)).update(head).update(iv).update(content);
  const tag = mac.update(bits).digest().subarray(0, 32);
  return `${head}..${[iv, content, tag].map((part) => part.toString("base64url")).join(".")}`;
}

/** As secure-session. */
export function secretBox(text: string, key: Buffer): string {
  const nonce = Buffer.alloc(24, 3);
  const message = Buffer.from(text);
  const box = Buffer.alloc(message.length + 16);
  sodium.crypto_secretbox_easy(box, message, nonce, key);
  return encodeURIComponent(`${box.toString("base64")};${nonce.toString("base64")}`);
}
