import type { NewToken } from "../../core/engine.ts";
import { entryOf, type NoteEdit, put } from "../../core/notes.ts";
import type { EpochMs, SessionRecord, Tombstone } from "../../core/record.ts";

/** The entry of the notes, of a session and of what stands where it has ended. */
const TOKEN = "z";
const UNUSED = 1;

/** Notes when a session's token was issued, and that nobody has brought it yet. */
export function ofUnusedToken(issuedAt: EpochMs): NoteEdit {
  return (notes) => put(notes, TOKEN, [issuedAt, UNUSED]);
}

/** Notes that somebody has brought the session's token. */
export const ofUsedToken: NoteEdit = (notes) => {
  const token = notes[TOKEN];
  if (Array.isArray(token)) put(notes, TOKEN, token.slice(0, 1));
};

/** Whether nobody has brought the session's own token yet; of a first one it is not asked. */
export function isUnused({ notes }: Pick<SessionRecord, "notes">): boolean {
  const token = entryOf(notes, TOKEN);
  return Array.isArray(token) && token[1] === UNUSED;
}

/** When the session's token was issued. */
export function issuedAt({
  notes,
  createdAt,
}: Pick<SessionRecord, "notes" | "createdAt">): EpochMs {
  const token = entryOf(notes, TOKEN);
  return Array.isArray(token) && typeof token[0] === "number" ? token[0] : createdAt;
}

/** Notes why a token was given up, and whether it ever came. */
export function ofGivenUp(why: NewToken, wasUnused: boolean): NoteEdit {
  return (notes) => put(notes, TOKEN, wasUnused ? [why, UNUSED] : [why]);
}

/** What stands under a token that was given up. */
export interface GivenUp {
  readonly why: NewToken;
  readonly wasUnused: boolean;
}

/** Of a token from before anybody noted it, the least that may be believed. */
export function givenUpIn({ notes }: Pick<Tombstone, "notes">): GivenUp {
  const token = entryOf(notes, TOKEN);
  const [why, unused] = Array.isArray(token) ? token : [];
  return {
    why: why === "renewal" || why === "call" ? why : "signIn",
    wasUnused: unused === UNUSED,
  };
}
