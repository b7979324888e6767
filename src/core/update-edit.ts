import type { GatheredAt } from "./draft.ts";
import { type Content, type Edit, own } from "./edit.ts";
import { CodecError } from "./errors.ts";
import { encode, type JsonObject } from "./json.ts";
import { REMOVE } from "./session.ts";
import type { Shape } from "./shape.ts";

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
  /** What it came to when it was last applied; `undefined` deletes the key. */
  text: string | undefined;

  constructor(shape: Shape, key: string, updater: Updater, first: GatheredAt) {
    this.#shape = shape;
    this.#key = key;
    this.#updater = updater;
    this.#first = first;
  }

  get bytes(): number {
    return this.#first.change?.text?.length ?? 0;
  }

  apply(content: Content): Content {
    const key = this.#key;
    const { change, isCleared } = this.#first;
    const document = { ...content.document };
    if (isCleared) delete document[key];
    if (change !== undefined) assign(document, key, change.text);
    const isStored = own(document, key) !== undefined;
    const newest = newestValue(this.#shape, document, key);
    this.text = nextText(key, this.#updater(newest, isStored));
    assign(document, key, this.text);
    return { ...content, document };
  }
}

function newestValue(shape: Shape, document: JsonObject, key: string): unknown {
  const value = own(shape.view(document), key);
  // A copy of its own: the function may change what it is given, and may run again.
  if (value === undefined) return shape.defaultOf(key);
  return typeof value === "object" ? structuredClone(value) : value;
}

function nextText(key: string, value: unknown): string | undefined {
  if (value === REMOVE) return undefined;
  if (value === undefined) {
    throw new CodecError(
      key,
      "the function given to update returned nothing. Return the value, also where it was changed " +
        "in place; to remove the key, return REMOVE.",
    );
  }
  if (value instanceof Promise) {
    throw new CodecError(key, "the function given to update must be synchronous.");
  }
  return encode(value, key);
}

function assign(document: JsonObject, key: string, text: string | undefined): void {
  if (text === undefined) delete document[key];
  else document[key] = JSON.parse(text);
}
