import { createHash } from "node:crypto";
import type { RequestHead } from "../../core/exchange.ts";

/** The key under which Flask-Login keeps the user. */
export const LOGIN_KEY = "_user_id";

/** The keys that Flask-Login keeps beside it. */
export const LOGIN_KEYS: readonly string[] = ["_fresh", "_id", "_remember", "_remember_seconds"];

/**
 * The `_id` that Flask-Login's session protection compares: a hash of the visitor's address and of the
 * browser's name. `undefined` where nothing tells the address.
 */
export function loginIdentifier(request: RequestHead): string | undefined {
  const forwarded = request.header("x-forwarded-for")?.split(",")[0];
  const address = forwarded?.trim() ?? request.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, "");
  if (address === undefined) return undefined;
  const agent = request.header("user-agent");
  const name = agent === undefined ? "None" : bytesRepr(agent);
  return createHash("sha512")
    .update(`${bytesRepr(address)}|${name}`)
    .digest("hex");
}

/** As Python's `repr()` shows the UTF-8 of a header: Flask-Login hashes that. */
function bytesRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let shown = "";
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    if (character === quote || character === "\\") shown += `\\${character}`;
    else if (byte >= 0x20 && byte < 0x7f) shown += character;
    else shown += SHORT[character] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `b${quote}${shown}${quote}`;
}

const SHORT: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
