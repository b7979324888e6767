import * as jose from "jose";
import type { BoundKey } from "./binding.ts";

/** A proof that has been verified: what its payload says. */
export interface Proof {
  readonly claims: jose.JWTPayload;
  readonly key: jose.JWK;
  readonly alg: string;
}

/** How long a header with a proof may be. */
const MAX_LENGTH = 8_192;
const PART = /^[A-Za-z0-9_-]+$/;
/** They name keys elsewhere, or change what is signed. */
const REFUSED_PARAMETERS = ["crit", "b64", "kid", "jku", "x5u", "x5c", "x5t", "x5t#S256"];
/** TPMs that know no elliptic curves know RSA. */
const ALGORITHMS: readonly string[] = ["ES256", "RS256"];
const RSA_EXPONENT = "AQAB";

/** What browsers are offered, the better first. */
export const OFFERED: string = `(${ALGORITHMS.join(" ")})`;

/** A registration: signed with the key that it shows. Any text is accepted. */
export async function registrationIn(text: string, typ: string): Promise<Proof | undefined> {
  const head = headOf(text, typ);
  if (head === undefined || !isUsable(head.jwk, head.alg)) return undefined;
  return verified(text, head.alg, head.jwk);
}

/** A proof with a key that is known already, and that it must not bring. Any text is accepted. */
export async function proofIn(
  text: string,
  typ: string,
  key: BoundKey,
): Promise<Proof | undefined> {
  const head = headOf(text, typ);
  if (head === undefined || head.jwk !== undefined || head.alg !== key.alg) return undefined;
  return verified(text, key.alg, key.jwk);
}

/** The key as it is to be remembered. */
export async function boundKey({ key, alg }: Proof, since: number): Promise<BoundKey> {
  const { kty, crv, x, y, n, e } = key;
  const jwk = kty === "EC" ? { kty, crv, x, y } : { kty, n, e };
  return { jwk: jwk as jose.JWK, alg, thumbprint: await jose.calculateJwkThumbprint(key), since };
}

/** Without the quotes that the draft asks for, and Chromium leaves out. */
export function unquoted(text: string): string {
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  return isQuoted ? text.slice(1, -1) : text;
}

interface Head {
  readonly alg: string;
  readonly jwk: jose.JWK | undefined;
}

/** What the protected header says; `undefined` where something in it is not as it must be. */
function headOf(text: string, typ: string): Head | undefined {
  const parts = text.split(".", 4);
  if (text.length > MAX_LENGTH || parts.length !== 3 || !parts.every(isCanonical)) return undefined;
  const header = decoded(text);
  if (header?.typ !== typ || !ALGORITHMS.includes(String(header.alg))) return undefined;
  if (REFUSED_PARAMETERS.some((name) => Object.hasOwn(header, name))) return undefined;
  return { alg: String(header.alg), jwk: header.jwk };
}

function decoded(text: string): jose.ProtectedHeaderParameters | undefined {
  try {
    return jose.decodeProtectedHeader(text);
  } catch {
    return undefined;
  }
}

/** Node decodes several spellings to the same bytes. */
function isCanonical(part: string): boolean {
  return PART.test(part) && Buffer.from(part, "base64url").toString("base64url") === part;
}

/** Whether it is a public key of its algorithm's kind. That RSA has 2048 bits jose sees to. */
function isUsable(jwk: jose.JWK | undefined, alg: string): jwk is jose.JWK {
  if (typeof jwk !== "object" || jwk === null || "d" in jwk || "k" in jwk) return false;
  if (alg === "ES256") return jwk.kty === "EC" && jwk.crv === "P-256";
  return jwk.kty === "RSA" && jwk.e === RSA_EXPONENT;
}

/** The signature is verified over the parts as they came, and the payload is read after that. */
async function verified(text: string, alg: string, jwk: jose.JWK): Promise<Proof | undefined> {
  try {
    const key = await jose.importJWK(jwk, alg);
    const { payload } = await jose.compactVerify(text, key, { algorithms: [alg] });
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    const isObject = typeof claims === "object" && claims !== null && !Array.isArray(claims);
    return isObject ? { claims: claims as jose.JWTPayload, key: jwk, alg } : undefined;
  } catch {
    // Whatever a client can make of it: it is no proof.
    return undefined;
  }
}
