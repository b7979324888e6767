import { createHmac, KeyObject } from "node:crypto";
import { decodedBase64 } from "../python/base64url.ts";
import { isSameText } from "../python/same-text.ts";
import { readSeconds } from "./seconds.ts";
import type { SignedParts, TornadoReading, TornadoSecret } from "./signed-value.ts";

interface Fields {
  readonly keyVersion: number;
  readonly seconds: string;
  readonly name: string;
  readonly base64: string;
  readonly signature: string;
}

/** `2|key version|seconds|name|base64|signature`, each field but the last with its length before it. */
export function writeVersion2(key: KeyObject, keyVersion: number, parts: SignedParts): string {
  const fields = [String(keyVersion), parts.seconds, parts.name, parts.base64];
  const signed = `2|${fields.map(withLength).join("|")}|`;
  return signed + signature(key, Buffer.from(signed));
}

/** Reads what {@link writeVersion2} wrote, given as Latin-1. */
export function readVersion2(secret: TornadoSecret, name: string, bytes: string): TornadoReading {
  const fields = fieldsOf(bytes);
  if (fields === undefined) return { ok: false, reason: "malformed" };
  const key = secret instanceof KeyObject ? secret : secret.get(fields.keyVersion);
  if (key === undefined) return { ok: false, reason: "unknownKey" };
  const signed = Buffer.from(bytes.slice(0, bytes.length - fields.signature.length), "latin1");
  const isSigned = isSameText(fields.signature, signature(key, signed));
  const isNamed = fields.name === Buffer.from(name).toString("latin1");
  if (!isSigned || !isNamed) return { ok: false, reason: "altered" };
  const issuedAt = readSeconds(fields.seconds);
  const value = decodedBase64(fields.base64);
  if (issuedAt === undefined || value === undefined) return { ok: false, reason: "malformed" };
  return { ok: true, value, issuedAt, version: 2 };
}

/** The key version that a signed value names, if it names one: version 1 does not. */
export function signedKeyVersion(text: string): number | undefined {
  const bytes = Buffer.from(text).toString("latin1");
  return bytes.startsWith("2|") ? fieldsOf(bytes)?.keyVersion : undefined;
}

/** Tornado counts code points, not bytes, so it does not read a name beyond ASCII that it wrote. */
function withLength(field: string): string {
  return `${[...field].length}:${field}`;
}

function fieldsOf(bytes: string): Fields | undefined {
  const fields: string[] = [];
  let at = 2;
  while (fields.length < 4) {
    const length = /^(0|[1-9][0-9]{0,8}):/.exec(bytes.slice(at, at + 10))?.[1];
    if (length === undefined) return undefined;
    const start = at + length.length + 1;
    const end = start + Number(length);
    if (bytes.charAt(end) !== "|") return undefined;
    fields.push(bytes.slice(start, end));
    at = end + 1;
  }
  const [keyVersion = "", seconds = "", name = "", base64 = ""] = fields;
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(keyVersion)) return undefined;
  return { keyVersion: Number(keyVersion), seconds, name, base64, signature: bytes.slice(at) };
}

function signature(key: KeyObject, signed: Buffer): string {
  return createHmac("sha256", key).update(signed).digest("hex");
}
