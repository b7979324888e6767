import type { StoredSession } from "../../core/record.ts";
import { storedFrom, UnreadableError } from "../../core/stored-session.ts";
import type { SessionId } from "../../core/token.ts";

/** Raised when a value is written in another way. */
const FORMAT = 1;

/** A session as the text of one JSON object. It has no line break, which one client would escape. */
export function textOf(stored: StoredSession): string {
  return JSON.stringify({ format: FORMAT, ...stored });
}

/**
 * Reads a text that {@link textOf} wrote.
 *
 * @throws Error if it is no session of this id, without a word of what it says.
 */
export function storedOf(id: SessionId, text: string): StoredSession {
  const value = parsed(text);
  if (value?.["format"] !== FORMAT) {
    throw new UnreadableError(
      "What stands under the key was not written by this version of the store.",
    );
  }
  return storedFrom(value, id);
}

// The parser's own error quotes the text, so it goes no further.
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
