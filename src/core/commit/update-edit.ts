import type { Codec } from "../codec.ts";
import { noteDue } from "../due.ts";
import { CodecError } from "../errors.ts";
import { type JsonObject, own } from "../json.ts";
import { dueTimesIn } from "../notes.ts";
import type { EpochMs } from "../record.ts";
import { REMOVE } from "../session.ts";
import type { Shape, View } from "../shape.ts";
import type { Content, Edit, GatheredAt } from "./edit.ts";

/**
 * Makes a key's next value, or {@link REMOVE}, from its newest one; hears too whether that is stored
 * or a default.
 */
export type Updater = (value: unknown, isStored: boolean) => unknown;

/** The edit behind `update`: what the request gathered under the key comes first. */
export class UpdateEdit implements Edit {
  readonly #shape: Shape;
  readonly #key: string;
  readonly #updater: Updater;
  readonly #first: GatheredAt;
  /** When what it comes to is due; `undefined` leaves that as it is. */
  readonly #dueAt: EpochMs | undefined;
  /** What it came to when it was last applied; `undefined` deletes the key. */
  text: string | undefined;

  constructor(shape: Shape, key: string, updater: Updater, first: GatheredAt, dueAt?: EpochMs) {
    this.#shape = shape;
    this.#key = key;
    this.#updater = updater;
    this.#first = first;
    this.#dueAt = dueAt;
  }

  get bytes(): number {
    const { change } = this.#first;
    return this.#key.length + (this.text ?? change?.text ?? "").length;
  }

  get keys(): readonly string[] {
    return [this.#key];
  }

  /** What its function is given has been checked. */
  replaces(written: ReadonlySet<string>): boolean {
    const { change, isCleared } = this.#first;
    return (isCleared || change !== undefined) && written.has(this.#key);
  }

  apply(content: Content, view: View = this.#shape.view): Content {
    const key = this.#key;
    const begun = this.#begin(content.document);
    const isStored = own(begun, key) !== undefined;
    // A copy of its own: the function may change what it is given, and may run again.
    const { codec } = this.#shape;
    const newest = codec.copyOf(own(view(begun), key));
    const value = newest === undefined ? this.#shape.defaultOf(key) : newest;
    this.text = nextText(key, this.#updater(value, isStored), codec);
    const document = { ...begun };
    assign(document, key, this.text);
    const { flash, persistent } = content;
    const notes = noteDue(content.notes, key, this.#dueIn(content));
    return { document, flash, persistent, notes };
  }

  /** A value that is changed keeps its time, or a counter would live on by being counted. */
  #dueIn({ document, notes }: Content): EpochMs | undefined {
    if (this.text === undefined) return undefined;
    if (this.#dueAt !== undefined) return this.#dueAt;
    const { change, isCleared } = this.#first;
    if (change !== undefined) return change.dueAt;
    const isKept = !isCleared && own(document, this.#key) !== undefined;
    return isKept ? dueTimesIn(notes)?.get(this.#key) : undefined;
  }

  /** The document with what the request gathered under the key; the same one if that is nothing. */
  #begin(document: Readonly<JsonObject>): JsonObject {
    const { change, isCleared } = this.#first;
    if (change === undefined && !isCleared) return document;
    const begun = { ...document };
    if (isCleared) delete begun[this.#key];
    if (change !== undefined) assign(begun, this.#key, change.text);
    return begun;
  }
}

function nextText(key: string, value: unknown, codec: Codec): string | undefined {
  if (value === REMOVE) return undefined;
  if (value === undefined) {
    throw new CodecError(
      key,
      "the function given to update returned nothing. Change the value if you like, and return it; " +
        "to remove the key, return REMOVE.",
    );
  }
  if (value instanceof Promise) {
    throw new CodecError(key, "the function given to update must be synchronous.");
  }
  return codec.encode(value, key);
}

function assign(document: JsonObject, key: string, text: string | undefined): void {
  if (text === undefined) delete document[key];
  else document[key] = JSON.parse(text);
}
