import { createHash } from "node:crypto";
import { endianness } from "node:os";
import { resolve } from "node:path";
import type { EpochMs } from "../../core/record.ts";
import { fileRows } from "./file-rows.ts";
import { type ForeignPlace, type Named, NO_END } from "./place.ts";

/** How a `FileSystemCache` names and keeps its files. */
export interface CachelibFiles extends Named {
  /** `SESSION_FILE_DIR`. */
  readonly folder: string;
  /** `"md5"` up to cachelib 0.15, `"sha256"` from 0.17 on. */
  readonly hash: "md5" | "sha256";
}

/** Files with such an ending cachelib counts and deletes as no sessions. */
const TEMPORARY = ".__wz_cache";

/** Sessions in a `FileSystemCache` of cachelib, as Flask-Session keeps them in files. */
export function cachelibFiles({ folder, hash, keyFor }: CachelibFiles): ForeignPlace {
  return fileRows({
    folder: resolve(folder),
    nameOf: (key) => createHash(hash).update(keyFor(key)).digest("hex"),
    temporaryFor: (name, random) => `${name}.${random}${TEMPORARY}`,
    lockFor: (name) => `${name}.lock${TEMPORARY}`,
    rowIn(content, { now }) {
      const head = headOf(content);
      if (head === undefined || head.endsAt <= now) return undefined;
      return { bytes: content.subarray(head.length), endsAt: head.endsAt };
    },
    contentOf({ bytes, endsAt }, current) {
      const form = current && headOf(current)?.form;
      const seconds = secondsOf(endsAt);
      return Buffer.concat([form === "pickled" ? pickled(seconds) : plain(seconds), bytes]);
    },
    caveats: [
      "cachelib deletes live sessions, those that end soonest first, when there are more files than " +
        "SESSION_FILE_THRESHOLD; sessions that begin here are counted when the framework starts.",
    ],
  });
}

interface Head {
  readonly form: "plain" | "pickled";
  readonly endsAt: EpochMs;
  readonly length: number;
}

const PICKLE = 0x80;
const STOP = 0x2e;
/** An int of one byte, of two and of four: the length with the letter in front. */
const PICKLED_INTS: ReadonlyMap<number, number> = new Map([
  [0x4b, 2],
  [0x4d, 3],
  [0x4a, 5],
]);
const PLAIN_BYTES = 4;
const MAX_UINT32 = 0xffff_ffff;
const MAX_INT32 = 0x7fff_ffff;

/**
 * The end in front of a session: a plain number, or, up to cachelib 0.6, a pickled one. The session is
 * a pickle, and begins with a byte that the other form has not there.
 */
function headOf(content: Buffer): Head | undefined {
  if (content[PLAIN_BYTES] === PICKLE) {
    const seconds = endianness() === "LE" ? content.readUInt32LE() : content.readUInt32BE();
    return { form: "plain", endsAt: endOf(seconds), length: PLAIN_BYTES };
  }
  const size = PICKLED_INTS.get(content[0] ?? 0);
  if (size === undefined || content[size] !== STOP) return undefined;
  const endsAt = endOf(content.readUIntLE(1, size - 1));
  return { form: "pickled", endsAt, length: size + 1 };
}

function endOf(seconds: number): EpochMs {
  return seconds === 0 ? NO_END : seconds * 1_000;
}

// 0 is for ever.
function secondsOf(endsAt: EpochMs | undefined): number {
  if (endsAt === undefined || endsAt >= NO_END) return 0;
  return Math.min(Math.max(Math.ceil(endsAt / 1_000), 1), MAX_UINT32);
}

function plain(seconds: number): Buffer {
  const head = Buffer.alloc(PLAIN_BYTES);
  if (endianness() === "LE") head.writeUInt32LE(seconds);
  else head.writeUInt32BE(seconds);
  return head;
}

function pickled(seconds: number): Buffer {
  const head = Buffer.of(0x4a, 0, 0, 0, 0, STOP);
  head.writeInt32LE(Math.min(seconds, MAX_INT32), 1);
  return head;
}
