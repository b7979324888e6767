import { checkKeys } from "./option-checks.ts";

/** Which data a sign-in takes along. `usual`: all but what belongs to one login. */
export type Keep = "all" | "none" | "usual" | readonly string[];

/** Words in the names of keys that belong to one login, and to nobody's but that one. */
const WORDS: ReadonlySet<string> = new Set([
  ...["nonce", "pkce", "oauth", "oauth2", "oidc", "openid", "saml"],
  ...["otp", "totp", "mfa", "2fa", "webauthn", "passkey"],
]);
const CSRF = /^[cx]srf/;
const RETURN_ADDRESS = /^(return|redirect|next)(to|url|uri|path)$/;

/**
 * Applications have few keys, each sign-in asks about all of them, and taking a name apart costs most of a
 * kilobyte. Bounded, as a visitor may be the one who makes up keys.
 */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 256;
const MAX_JUDGED_LENGTH = 64;

/**
 * Whether a key is one whose value must not outlive a login by its name: of a CSRF token, of what an
 * identity provider's answer is compared with, of a half-done sign-in, of where to go afterwards
 * (CVE-2022-35943 and its kin: whoever has planted the session knows them).
 */
export function isOfOneLogin(key: string): boolean {
  const before = judged.get(key);
  if (before !== undefined) return before;
  const verdict = isNamedForOneLogin(key);
  if (judged.size < MAX_JUDGED && key.length <= MAX_JUDGED_LENGTH) judged.set(key, verdict);
  return verdict;
}

function isNamedForOneLogin(key: string): boolean {
  const words = wordsOf(key);
  if (words.some((word) => CSRF.test(word) || WORDS.has(word))) return true;
  return RETURN_ADDRESS.test(words.join(""));
}

/** Whether a sign-in takes a key along. */
export function isKept(keep: Keep, key: string): boolean {
  if (keep === "all" || keep === "none") return keep === "all";
  return keep === "usual" ? !isOfOneLogin(key) : keep.includes(key);
}

/** Checks what a visitor takes along where the sign-in does not say. */
export function resolveKeep(given: Exclude<Keep, "usual"> | undefined): Keep {
  if (given === undefined) return "usual";
  checkKeys("keepAtSignIn", given, ["all", "none"]);
  return given;
}

function wordsOf(key: string): string[] {
  const words = key.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/);
  return words.map((word) => word.toLowerCase()).filter((word) => word !== "");
}
