import type { CookiePieces, Unread } from "../foreign/foreign-sessions.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { MAX_CHARACTERS } from "./cookie-text.ts";
import { isSigned } from "./signed-text.ts";

/** A cookie whose signature lies in another one, as the package cookies writes them. */
export const SIGNED_BESIDE: CookiePieces = {
  suffixes: [".sig"],
  wholes: (own, behind) => {
    const signatures = behind(".sig");
    // Several come from several paths: the order of the two lists is the same.
    return own.map((value, at) => `${value};${signatures[at] ?? ""}`);
  },
};

/** The value of such a cookie, where one of the keys signs it under its name. */
export function signedBeside(
  text: string,
  cookieName: string,
  keys: readonly PySecret[],
): string | Unread {
  const [value = "", signature = ""] = text.split(";");
  if (text.length > MAX_CHARACTERS || signature === "") return UNSIGNED;
  const signing = { secrets: keys, algorithm: "sha1", encoding: "base64url" } as const;
  return isSigned(`${cookieName}=${value}`, signature, signing) ? value : FORGED;
}

const UNSIGNED: Unread = { rejection: "malformed", why: "nothing signs it." };
const FORGED: Unread = { rejection: "altered", why: "none of the keys has signed it." };
