import type { EpochMs, StoredSession } from "../../core/record.ts";
import type { CommitId } from "../../core/token.ts";
import { FileStoreProblem } from "./failure.ts";
import { managerTag, nonce, userTag } from "./places.ts";

/**
 * The newest version of a session: the name of the folder that holds its file. A name is used for
 * one moment only, because of its nonce, so whoever renames the folder from it is the one writer
 * that follows this version.
 */
export interface Head {
  /** One more than the version before. */
  readonly sequence: number;
  readonly kind: StoredSession["kind"];
  readonly version: CommitId;
  readonly lastSeenAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** The file with the record, in the folder. */
  readonly file: string;
  readonly managerTag: string;
  /** Empty where nobody is signed in. */
  readonly userTag: string;
  readonly nonce: string;
}

const SEPARATOR = ",";
const NUMBER = /^-?\d+$/;
/** What core's commit ids are made of. */
const VERSION = /^[A-Za-z0-9_-]{1,64}$/;
const FILE = /^(\d+)-[0-9a-f]{24}$/;

/** The head that `stored` makes in the place after `sequence`. */
export function headOf(stored: StoredSession, sequence: number): Head {
  const isLive = stored.kind === "live";
  const { kind, version, expiresAt, manager } = stored;
  if (!VERSION.test(version)) throw new FileStoreProblem("its version is no commit id");
  const userId = isLive ? stored.userId : undefined;
  return {
    sequence: sequence + 1,
    kind,
    version,
    lastSeenAt: isLive ? stored.lastSeenAt : stored.endedAt,
    expiresAt,
    file: `${sequence + 1}-${nonce()}`,
    managerTag: managerTag(manager),
    userTag: userId === undefined ? "" : userTag({ manager, userId }),
    nonce: nonce(),
  };
}

/** The head after `head` that holds the same file and has been seen later. */
export function touchedHead(head: Head, lastSeenAt: EpochMs, expiresAt: EpochMs): Head {
  return { ...head, sequence: head.sequence + 1, lastSeenAt, expiresAt, nonce: nonce() };
}

/** The folder's name: about 150 characters of the 255 that file systems allow. */
export function nameOf(head: Head): string {
  return [
    head.sequence,
    head.kind,
    head.version,
    head.lastSeenAt,
    head.expiresAt,
    head.file,
    head.managerTag,
    head.userTag,
    head.nonce,
  ].join(SEPARATOR);
}

/** The head that a name tells, or `undefined` where something else lies there. */
export function parseHead(name: string): Head | undefined {
  const [sequence, kind, version, seen, expires, file, manager, user, ...rest] =
    name.split(SEPARATOR);
  const [last] = rest;
  const isHead =
    rest.length === 1 &&
    [sequence, seen, expires].every((text) => text !== undefined && NUMBER.test(text)) &&
    (kind === "live" || kind === "ended") &&
    version !== undefined &&
    VERSION.test(version) &&
    file !== undefined &&
    FILE.test(file);
  if (!isHead) return undefined;
  return {
    sequence: Number(sequence),
    kind,
    version: version as CommitId,
    lastSeenAt: Number(seen),
    expiresAt: Number(expires),
    file,
    managerTag: manager ?? "",
    userTag: user ?? "",
    nonce: last ?? "",
  };
}

/** Whether nobody can make `file` the newest any more: the head has gone past its place. */
export function isLeftBehind(file: string, head: Head): boolean {
  const sequence = FILE.exec(file)?.[1];
  return sequence !== undefined && file !== head.file && Number(sequence) <= head.sequence;
}
