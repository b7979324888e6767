import { entryOf, type NoteEdit, put } from "../../core/notes.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";

/** Where a session's record says how it is bound: core/notes.ts. */
const KEY = "d";

/**
 * How far it is: `offered` at the sign-in, `bound` once the browser has shown what it holds, `script`
 * where only the page's script has a key.
 */
type Stage = "offered" | "bound" | "script";

/** What a session's record says of its binding. */
export interface BindingNote {
  /** The public identifier. It is neither the session's token nor made of it. */
  readonly id: string;
  readonly stage: Stage;
  /** When its offer is over. */
  readonly until: EpochMs;
}

/** What is noted of a session; `undefined` where nothing binds it. */
export function bindingNoteIn({ notes }: Pick<SessionRecord, "notes">): BindingNote | undefined {
  const entry = entryOf(notes, KEY);
  if (!Array.isArray(entry)) return undefined;
  // Nobody else writes these notes, so what is there has the form that we gave it.
  const [id, stage, until] = entry as unknown as [string, Stage, EpochMs];
  return { id, stage, until };
}

/** Notes how a session is bound. */
export function ofBinding(note: BindingNote | undefined): NoteEdit {
  return (notes) => put(notes, KEY, note && [note.id, note.stage, note.until]);
}
