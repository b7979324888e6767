import { CookieTooLargeError } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import type { SessionRecord } from "../../core/record.ts";
import { sealedLength } from "../../sealing/sealer.ts";
import { MAX_COOKIE_BYTES, USUAL_COOKIE_BYTES } from "../set-cookie.ts";

/**
 * Node refuses requests with more than 16 KiB of headers, so a visitor with more cookies than that
 * could never come back. The rest is for the other headers.
 */
const MAX_TOTAL_BYTES = 14_336;
/** nginx and Apache take 8 KiB in one header line; the rest is for the other cookies. */
const USUAL_TOTAL_BYTES = 7_500;
/** How many cookies one session may take. */
export const MAX_CHUNKS = 4;
/** The first chunk begins with their count and a dot. */
export const COUNT_LENGTH = 2;

const NAMED_KEYS = 3;

/** How much room there is for a session. */
export interface Room {
  /** How many cookies it may take. */
  readonly chunks: number;
  /** What all of them may take, names included. */
  readonly maxBytes: number;
  /** What the name of one chunk takes, prefix included; that of the only cookie is shorter. */
  readonly nameLength: number;
}

/** What the cookies of one session may take where the application does not say. */
export function usualBytes(chunks: number): number {
  return chunks === 1 ? USUAL_COOKIE_BYTES : USUAL_TOTAL_BYTES;
}

/** The most that can be asked for. */
export function mostBytes(chunks: number): number {
  return Math.min(chunks * MAX_COOKIE_BYTES, MAX_TOTAL_BYTES);
}

/** How many characters of the sealed text one chunk holds, but for the count in the first one. */
export function chunkLength({ nameLength }: Pick<Room, "nameLength">): number {
  return MAX_COOKIE_BYTES - nameLength;
}

/**
 * How many cookies a text takes once it is sealed.
 *
 * @throws {@link CookieTooLargeError} if there is no room for so many, naming the largest keys.
 */
export function cookiesFor(text: string, record: SessionRecord, room: Room): number {
  const need = needOf(sealedLength(Buffer.byteLength(text)), room.nameLength);
  if (need.bytes <= room.maxBytes && need.count <= room.chunks) return need.count;
  const advice = adviceOn(largestOf(record), wayOut(need, room));
  throw new CookieTooLargeError(need.bytes, room.maxBytes, "The session", advice);
}

function adviceOn(largest: string, options: string | undefined): string {
  const wider =
    options === undefined ? "" : ` make room for it where your proxies take it: ${options};`;
  return (
    `The largest of it: ${largest}. Keep large things in a database and their key in the ` +
    `session;${wider} or keep sessions on the server: sqliteStore("sessions.db") from ` +
    '"sojourn/sqlite".'
  );
}

interface Need {
  readonly count: number;
  readonly bytes: number;
}

function needOf(length: number, nameLength: number): Need {
  const room = chunkLength({ nameLength });
  if (length <= room) return { count: 1, bytes: length + nameLength };
  const count = Math.ceil((length + COUNT_LENGTH) / room);
  return { count, bytes: length + COUNT_LENGTH + count * nameLength };
}

/** The options that would make room for it; `undefined` where none do. */
function wayOut({ count, bytes }: Need, room: Room): string | undefined {
  const chunks = Math.max(count, room.chunks);
  const maxBytes = mostBytes(chunks);
  if (chunks > MAX_CHUNKS || bytes > maxBytes) return undefined;
  const options = [
    ...(chunks > 1 ? [`chunks: ${chunks}`] : []),
    ...(bytes > usualBytes(chunks) ? [`maxBytes: ${maxBytes}`] : []),
  ];
  return `cookieStore({ ${options.join(", ")} })`;
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
