import { type Codec, JSON_CODEC } from "../codec.ts";
import { noteWritten, type WrittenValue } from "../due.ts";
import { type JsonObject, type JsonValue, pick } from "../json.ts";
import { editNotes, type NoteEdit, ofLabel } from "../notes.ts";
import type { EpochMs } from "../record.ts";
import type { View } from "../shape.ts";

/** A message for a later request: its own name, its key, its value as stored. */
export type FlashEntry = readonly [name: string, key: string, value: JsonValue];

/** The part of a record that requests change. Never altered in place: an edit makes the next. */
export interface Content {
  readonly document: Readonly<JsonObject>;
  readonly flash: readonly FlashEntry[];
  readonly persistent: boolean;
  /** The library's own, as the record has them. */
  readonly notes: string | undefined;
}

/** One request's wish, applied to whatever the newest content is, as often as a conflict asks. */
export interface Edit {
  /**
   * @param view - As that of the shape, where it is known already.
   * @throws if the wish cannot be had on this content; that request alone fails.
   */
  apply(content: Content, view?: View): Content;
  /** How long its keys and texts are: what it holds in memory while it waits, roughly. */
  readonly bytes: number;
  /** The keys that it writes. */
  readonly keys: readonly string[];
  /** Whether it replaces what earlier edits wrote, so that nobody would see whether that was right. */
  replaces(written: ReadonlySet<string>): boolean;
}

/** More than any page shows, of one key. */
const MAX_MESSAGES = 50;

/** What a request gathered before it commits. */
export interface Gathered {
  /** After a `clear`: every key goes but these, changed by `update` since. */
  readonly spared: ReadonlySet<string> | undefined;
  /** Each key once. */
  readonly values: readonly WrittenValue[];
  readonly flashed: readonly FlashEntry[];
  /** Names of the flash entries that were shown. */
  readonly taken: ReadonlySet<string>;
  readonly persistent: boolean | undefined;
  readonly label: Label | undefined;
}

/** What the device is to be called; `undefined` takes its name away. */
export interface Label {
  readonly text: string | undefined;
}

/** A value as it is to be stored. */
export interface Change {
  /** Its JSON text; `undefined` deletes. */
  readonly text: string | undefined;
  /** When it is due, where it has a time of its own. */
  readonly dueAt?: EpochMs | undefined;
}

/** What changed under one key. */
export interface GatheredAt {
  readonly change: Change | undefined;
  /** Whether `clear` has taken the stored value away. */
  readonly isCleared: boolean;
}

/** Whether there is nothing to commit. */
export function isEmpty(gathered: Gathered): boolean {
  return (
    gathered.spared === undefined &&
    gathered.values.length === 0 &&
    gathered.flashed.length === 0 &&
    gathered.taken.size === 0 &&
    gathered.persistent === undefined &&
    gathered.label === undefined
  );
}

/** The edit that carries out what was gathered: key by key, so that other keys survive. */
export function gatheredEdit(gathered: Gathered): Edit {
  return new GatheredEdit(gathered);
}

/** The text of what is to be stored as the document. */
export function documentText(content: Content): string {
  return content instanceof FirstContent ? content.text : JSON.stringify(content.document);
}

/** The same with other notes. */
export function withNotes(content: Content, notes: string | undefined): Content {
  const { document, flash, persistent } = content;
  return { document, flash, persistent, notes };
}

/**
 * What a session holds that held nothing before: all of it comes as texts, which need not be parsed
 * where nobody looks at it in the same request.
 */
class FirstContent implements Content {
  readonly flash: Content["flash"];
  readonly persistent: boolean;
  readonly notes: string | undefined;
  readonly text: string;
  #document: Content["document"] | undefined;

  constructor(
    values: Gathered["values"],
    flash: Content["flash"],
    persistent: boolean,
    notes: string | undefined,
  ) {
    this.text = textOf(values);
    this.flash = flash;
    this.persistent = persistent;
    this.notes = notes;
  }

  get document(): Content["document"] {
    this.#document ??= JSON.parse(this.text) as JsonObject;
    return this.#document;
  }
}

class GatheredEdit implements Edit {
  readonly #gathered: Gathered;

  constructor(gathered: Gathered) {
    this.#gathered = gathered;
  }

  apply(content: Content): Content {
    const gathered = this.#gathered;
    const flash = editFlash(content.flash, gathered);
    const persistent = gathered.persistent ?? content.persistent;
    const notes = editNaming(this.#timed(content.notes), gathered);
    if (isBare(content.document)) {
      return new FirstContent(gathered.values, flash, persistent, notes);
    }
    return { document: editDocument(content.document, gathered), flash, persistent, notes };
  }

  #timed(notes: string | undefined): string | undefined {
    const { values, spared } = this.#gathered;
    return noteWritten(notes, values, spared);
  }

  get bytes(): number {
    return bytesOf(this.#gathered);
  }

  get keys(): readonly string[] {
    return this.#gathered.values.map(([key]) => key);
  }

  replaces(written: ReadonlySet<string>): boolean {
    const { spared, values } = this.#gathered;
    return spared !== undefined || values.some(([key]) => written.has(key));
  }
}

/** An edit that changes the notes too. */
export function notedEdit(edit: Edit, notes: readonly NoteEdit[]): Edit {
  return {
    bytes: edit.bytes,
    keys: edit.keys,
    replaces: (written) => edit.replaces(written),
    apply: (content, view) => {
      const edited = edit.apply(content, view);
      return withNotes(edited, editNotes(edited.notes, notes));
    },
  };
}

/** The edit that leaves all as it is. */
export const NO_EDIT: Edit = {
  bytes: 0,
  keys: [],
  replaces: () => false,
  apply: (content) => content,
};

function editFlash(
  flash: readonly FlashEntry[],
  { taken, flashed }: Gathered,
): readonly FlashEntry[] {
  if (taken.size === 0 && flashed.length === 0) return flash;
  return newest([...flash.filter(([name]) => !taken.has(name)), ...flashed]);
}

/** Of each key the newest messages: what nobody takes must not fill the session. */
function newest(entries: readonly FlashEntry[]): readonly FlashEntry[] {
  if (entries.length <= MAX_MESSAGES) return entries;
  const counts = new Map<string, number>();
  return entries
    .toReversed()
    .filter(([, key]) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count <= MAX_MESSAGES;
    })
    .toReversed();
}

function editNaming(notes: string | undefined, { label }: Gathered): string | undefined {
  return label === undefined ? notes : editNotes(notes, [ofLabel(label.text)]);
}

function isBare(document: Readonly<JsonObject>): boolean {
  for (const _key in document) return false;
  return true;
}

/**
 * That of an object with these values, of which each key is there once. Joined, as a text put together
 * by `+` would keep all of its parts for as long as it is stored.
 */
function textOf(values: Gathered["values"]): string {
  const parts: string[] = [];
  for (const [key, value] of values) {
    if (value !== undefined)
      parts.push(parts.length === 0 ? "{" : ",", JSON.stringify(key), ":", value);
  }
  parts.push(parts.length === 0 ? "{}" : "}");
  return parts.join("");
}

function editDocument(document: Readonly<JsonObject>, gathered: Gathered): JsonObject {
  const { spared } = gathered;
  const edited = spared === undefined ? { ...document } : pick(document, spared);
  for (const [key, text] of gathered.values) {
    if (text === undefined) delete edited[key];
    // Parsed anew each time: two attempts must not share a value.
    else edited[key] = JSON.parse(text);
  }
  return edited;
}

function bytesOf(gathered: Gathered): number {
  let bytes = 0;
  for (const [key, text] of gathered.values) bytes += key.length + (text?.length ?? 0);
  return bytes;
}

const NO_ENTRIES: readonly FlashEntry[] = [];

/** Reads the flash entries of a record. What is not an entry is dropped. */
export function parseFlash(text: string, codec: Codec = JSON_CODEC): readonly FlashEntry[] {
  if (text === "") return NO_ENTRIES;
  const entries = codec.parse(text);
  const isEntry = (entry: unknown): entry is FlashEntry =>
    isFlashEntry(entry) && codec.isReadable(entry[2]);
  return Array.isArray(entries) ? entries.filter(isEntry) : NO_ENTRIES;
}

/** The text that a record keeps of its flash entries. */
export function flashText(entries: readonly FlashEntry[]): string {
  return entries.length === 0 ? "" : JSON.stringify(entries);
}

function isFlashEntry(entry: unknown): entry is FlashEntry {
  return (
    Array.isArray(entry) &&
    entry.length === 3 &&
    typeof entry[0] === "string" &&
    typeof entry[1] === "string"
  );
}
