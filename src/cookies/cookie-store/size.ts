import { CookieTooLargeError } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import type { SessionRecord } from "../../core/record.ts";
import { sealedLength } from "../../sealing/sealer.ts";
import { MAX_COOKIE_BYTES } from "../set-cookie.ts";

/**
 * Node refuses requests with more than 16 KiB of headers, so a visitor with more cookies than that
 * could never come back. The rest is for the other headers.
 */
const MAX_TOTAL_BYTES = 14_336;
/** How many cookies one session may take. */
export const MAX_CHUNKS = 4;
/** The first chunk begins with their count and a dot. */
export const COUNT_LENGTH = 2;

const NAMED_KEYS = 3;

/** How much room there is for a session. */
export interface Room {
  /** How many cookies it may take. */
  readonly chunks: number;
  /** What the name of one chunk takes, prefix included; that of the only cookie is shorter. */
  readonly nameLength: number;
}

/** How many characters of the sealed text one chunk holds, but for the count in the first one. */
export function chunkLength({ nameLength }: Room): number {
  return MAX_COOKIE_BYTES - nameLength;
}

/**
 * How many cookies a text takes once it is sealed.
 *
 * @throws {@link CookieTooLargeError} if there is no room for so many, naming the largest keys.
 */
export function cookiesFor(text: string, record: SessionRecord, room: Room): number {
  const length = sealedLength(Buffer.byteLength(text));
  if (length <= chunkLength(room)) return 1;
  const count = Math.ceil((length + COUNT_LENGTH) / chunkLength(room));
  const countLength = room.chunks === 1 ? 0 : COUNT_LENGTH;
  const bytes = length + Math.min(count, room.chunks) * room.nameLength + countLength;
  const maxBytes = Math.min(room.chunks * MAX_COOKIE_BYTES, MAX_TOTAL_BYTES);
  if (bytes <= maxBytes && count <= room.chunks) return count;
  throw new CookieTooLargeError(bytes, maxBytes, largestOf(record));
}

/** The largest keys and what they take; of flash messages only how much. */
function largestOf({ data, flash }: SessionRecord): string {
  const parts = Object.entries(parseObject(data) ?? {}).map(
    ([key, value]) => [JSON.stringify(key), Buffer.byteLength(JSON.stringify(value))] as const,
  );
  if (flash !== "") parts.push(["flash messages", Buffer.byteLength(flash)]);
  return parts
    .sort(([, one], [, other]) => other - one)
    .slice(0, NAMED_KEYS)
    .map(([name, bytes]) => `${name} (${bytes} bytes)`)
    .join(", ");
}
