import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { entryOf, type NoteEdit, put } from "../../core/notes.ts";
import type { SessionRecord } from "../../core/record.ts";

/** The entry of the notes under which it stands. */
const CREDENTIAL = "c";
const DOMAIN = "sojourn credential 1";
/** Of a SHA-256 in base64url: 132 bits. */
const PRINT_LENGTH = 22;
const SALT_BYTES = 12;

/** A hash of what the application says of a user's credentials: nothing that it said is kept. */
export type Digest = string;

/** Whose it is, in which sessions. */
interface Subject {
  readonly manager: string;
  readonly userId: string;
}

/** The hash of what the application says. */
export function digestOf(credential: string): Digest {
  return createHash("sha256").update(DOMAIN).update("\0").update(credential).digest("base64url");
}

/** Notes a fingerprint of the credentials, under a salt of its own: no two sessions note the same. */
export function ofCredential(
  subject: Subject,
  digest: Digest,
  random: (bytes: number) => Buffer,
): NoteEdit {
  const salt = random(SALT_BYTES).toString("base64url");
  const print = printOf(subject, digest, salt);
  return (notes) => put(notes, CREDENTIAL, `${salt}.${print}`);
}

/** The fingerprint that a session has noted, as it stands there. */
export function credentialIn({ notes }: Pick<SessionRecord, "notes">): string | undefined {
  const noted = entryOf(notes, CREDENTIAL);
  return typeof noted === "string" ? noted : undefined;
}

/** Notes a fingerprint that another session of the same user has noted. */
export function asNoted(credential: string): NoteEdit {
  return (notes) => put(notes, CREDENTIAL, credential);
}

/** Whether a session has noted a fingerprint. */
export function hasFingerprint({ notes }: Pick<SessionRecord, "notes">): boolean {
  return entryOf(notes, CREDENTIAL) !== undefined;
}

/** Whether the credentials are those that a session has noted. */
export function isCredentialOf(
  { notes }: Pick<SessionRecord, "notes">,
  subject: Subject,
  digest: Digest,
): boolean {
  const [salt = "", print = ""] = String(entryOf(notes, CREDENTIAL)).split(".");
  const own = Buffer.from(printOf(subject, digest, salt));
  const noted = Buffer.from(print);
  return own.length === noted.length && timingSafeEqual(own, noted);
}

function printOf({ manager, userId }: Subject, digest: Digest, salt: string): string {
  const what = JSON.stringify([DOMAIN, manager, userId, digest]);
  return createHmac("sha256", salt).update(what).digest("base64url").slice(0, PRINT_LENGTH);
}
