import {
  asObject,
  copyOf,
  encode,
  isStorable,
  type JsonObject,
  type JsonValue,
  looseText,
  parsePlain,
} from "./json.ts";

/** What the values of a session may be: what JSON carries, or more. */
export type ValueKind = "json" | "rich";

/** Values by their keys, as the application sees them. */
export type KeyedValues = Readonly<Record<string, unknown>>;

/**
 * How values are stored: as JSON, where each key's may stand for something beyond it. All else (the
 * stores, the merging of edits, the limits) knows of the JSON alone.
 */
export interface Codec {
  /** The JSON text of a value. @throws {@link CodecError} naming the key path of what cannot be kept. */
  encode(value: unknown, path: string): string;
  /** The value of a text that `encode` made. */
  decode(text: string): unknown;
  /** The text of anything, or `undefined` where there is none: to compare by, not to store. */
  looseText(value: unknown): string | undefined;
  /** Whether `encode` would take it. */
  isStorable(value: unknown): boolean;
  /** A deep copy. */
  copyOf<T>(value: T): T;
  /** Reads stored JSON as it is; `undefined` where the text is none. */
  parse(text: string): JsonValue | undefined;
  /** Reads the stored values of a session as they are; `undefined` where one could not be revived. */
  parseDocument(text: string): JsonObject | undefined;
  /** Whether a stored value can be revived. */
  isReadable(stored: JsonValue): boolean;
  /** What a stored value stands for, once it has been found to be readable. */
  revive(stored: JsonValue): unknown;
  /** What the values of a document stand for. It may be the document itself. */
  view(document: JsonObject): KeyedValues;
  /** The document of values that were made of its view. */
  unview(values: KeyedValues, document: JsonObject, view: KeyedValues): JsonObject;
}

/** What JSON carries, and nothing else. */
export const JSON_CODEC: Codec = {
  encode,
  decode: (text) => JSON.parse(text),
  looseText,
  isStorable,
  copyOf,
  parse: parsePlain,
  parseDocument: (text) => asObject(parsePlain(text)),
  isReadable: () => true,
  revive: (stored) => stored,
  view: (document) => document,
  unview: (values) => values as JsonObject,
};

/** Values beyond JSON, as `richValues` of `sojourn/values` makes them. */
export interface RichValues {
  readonly kind: "rich";
  /** @internal */
  readonly codec: Codec;
}
