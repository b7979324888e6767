import { type JsonObject, parseObject } from "../../../core/json.ts";
import { editNotes } from "../../../core/notes.ts";
import type { SessionRecord } from "../../../core/record.ts";
import { type Stamp, stampIn } from "./stamp.ts";

/** The entry of a record's notes that a move has there: longer than any of core's. */
const MOVING = "moving";

/** What a record remembers of its session in their store. */
export interface MovingNote {
  /** Its id there, sealed. */
  readonly sid: string;
  /** What it held when it was taken over, for whoever had read it before it bore a stamp. */
  readonly before?: Stamp | undefined;
}

export function movingNoteIn({ notes }: Pick<SessionRecord, "notes">): MovingNote | undefined {
  const note = notes === undefined ? undefined : parseObject(notes)?.[MOVING];
  if (typeof note !== "object" || note === null || Array.isArray(note)) return undefined;
  const { sid, before } = note as { readonly [key: string]: never };
  return typeof sid === "string" ? { sid, before: stampIn(before) } : undefined;
}

export function withMovingNote(record: SessionRecord, note: MovingNote): SessionRecord {
  const { sid, before } = note;
  const entry = before === undefined ? { sid } : { sid, before };
  const edit = (all: JsonObject): void => {
    all[MOVING] = entry;
  };
  const notes = editNotes(record.notes, [edit]);
  return { ...record, notes };
}
