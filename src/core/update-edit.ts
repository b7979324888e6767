import type { GatheredAt } from "./draft.ts";
import { type Content, type Edit, own } from "./edit.ts";
import { CodecError } from "./errors.ts";
import { encode, type JsonObject } from "./json.ts";
import type { Shape } from "./shape.ts";

/** Makes a key's next value from its newest one; hears too whether that is stored or a default. */
export type Updater = (value: unknown, isStored: boolean) => unknown;

/** An edit of one key by a function, and the text that it came to. */
export interface UpdateEdit extends Edit {
  /** As of the last time it was applied; `undefined` deletes the key. */
  readonly text: string | undefined;
}

/** The edit behind `update`: what the request gathered under the key comes first. */
export function updateEdit(
  shape: Shape,
  key: string,
  updater: Updater,
  first: GatheredAt,
): UpdateEdit {
  let text: string | undefined;
  return {
    bytes: first.change?.text?.length ?? 0,
    get text() {
      return text;
    },
    apply: (content: Content) => {
      const document = { ...content.document };
      if (first.isCleared) delete document[key];
      if (first.change !== undefined) assign(document, key, first.change.text);
      const isStored = own(document, key) !== undefined;
      text = nextText(key, updater(newestValue(shape, document, key), isStored));
      assign(document, key, text);
      return { ...content, document };
    },
  };
}

function newestValue(shape: Shape, document: JsonObject, key: string): unknown {
  const value = own(shape.view(document), key);
  // A copy of its own: the function may change what it is given, and may run again.
  return value === undefined ? shape.defaultOf(key) : structuredClone(value);
}

function nextText(key: string, value: unknown): string | undefined {
  if (value instanceof Promise) {
    throw new CodecError(key, "the function given to update must be synchronous.");
  }
  return value === undefined ? undefined : encode(value, key);
}

function assign(document: JsonObject, key: string, text: string | undefined): void {
  if (text === undefined) delete document[key];
  else document[key] = JSON.parse(text);
}
