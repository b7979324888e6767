import { type Codec, JSON_CODEC, type KeyedValues, type RichValues } from "./codec.ts";
import { CodecError, OptionsError } from "./errors.ts";
import { type JsonObject, type JsonValue, own, pick } from "./json.ts";
import { isBoundData, UNREADABLE_DATA } from "./record.ts";
import { issuePath, type Schema, type SchemaResult } from "./schema.ts";

/** What an application says about its data: a schema, defaults, or nothing. */
export interface ShapeOptions {
  readonly schema?: Schema<object> | undefined;
  readonly defaults?: object | undefined;
  readonly migrate?: Migrate | undefined;
  readonly values?: RichValues | undefined;
}

/** Makes of stored values those of today. A method, as the types of the values are the option's. */
type Migrate = { run(stored: KeyedValues): KeyedValues }["run"];

/** The stored data as read: the document that changes apply to, and what `get` shows of it. */
export class Reading {
  readonly document: JsonObject;
  readonly view: KeyedValues;

  constructor(document: JsonObject, view: KeyedValues) {
    this.document = document;
    this.view = view;
  }
}

/** What holds a document: it may have to be parsed for whoever looks at it. */
export interface Documented {
  readonly document: Readonly<JsonObject>;
}

/** Makes of a document what `get` shows. */
export type View = (document: JsonObject) => KeyedValues;

/** Knows how stored data and the application's values relate. */
export interface Shape {
  /** How values are stored. */
  readonly codec: Codec;
  /** Reads stored data, or says why it is refused. */
  read(text: string): Reading | "corrupt" | "schema" | "unknownKey";
  /** The document that edits apply to; the stored text has been read before. */
  document(text: string): JsonObject;
  /** What `get` shows of a document. @throws {@link CodecError} if the schema refuses it. */
  readonly view: View;
  /**
   * Refuses a document that could not be read back as it is. Only what differs from the one before
   * is looked at for that, and nothing of them where none is refused.
   *
   * @param viewed - As `view`, where that is known already.
   * @throws {@link CodecError} naming the key path.
   */
  check(next: Documented, before: Documented, viewed?: View): void;
  /** A fresh copy of the default for a key, or `undefined`. */
  defaultOf(key: string): unknown;
  /** The keys that have a default. */
  readonly defaultKeys: readonly string[];
}

/**
 * Prepares the shape of a session's data.
 *
 * @throws {@link OptionsError} for defaults that JSON cannot carry, a schema that refuses `{}` or
 * answers asynchronously, or options that exclude each other.
 */
export function resolveShape(options: ShapeOptions): Shape {
  const { schema, defaults, migrate } = options;
  const codec = codecOf(options.values);
  if (schema !== undefined && defaults !== undefined) {
    throw new OptionsError("defaults", "a schema has its own defaults. Write them there.");
  }
  if (migrate !== undefined && schema === undefined) {
    throw new OptionsError("migrate", "it brings old data to a schema. Give a schema too.");
  }
  return schema === undefined
    ? plainShape(encodeDefaults(defaults === undefined ? {} : defaults, codec), codec)
    : schemaShape(schema, migrate, codec);
}

function codecOf(values: RichValues | undefined): Codec {
  if (values === undefined) return JSON_CODEC;
  if (typeof values === "object" && values?.kind === "rich" && values.codec !== undefined) {
    return values.codec;
  }
  throw new OptionsError("values", 'write richValues(devalue), of "sojourn/values", or nothing.');
}

function plainShape(defaults: ReadonlyMap<string, string>, codec: Codec): Shape {
  return {
    codec,
    read: (text) => {
      const document = codec.parseDocument(text);
      return document === undefined
        ? unreadable(text)
        : new Reading(document, codec.view(document));
    },
    document: (text) => (text === "{}" ? {} : (codec.parseDocument(text) ?? {})),
    view: codec.view,
    check: () => undefined,
    defaultOf: (key) => {
      const text = defaults.get(key);
      return text === undefined ? undefined : codec.decode(text);
    },
    defaultKeys: [...defaults.keys()],
  };
}

function unreadable(text: string): "corrupt" | "unknownKey" {
  return text === UNREADABLE_DATA || isBoundData(text) ? "unknownKey" : "corrupt";
}

function encodeDefaults(defaults: object, codec: Codec): ReadonlyMap<string, string> {
  if (typeof defaults !== "object" || defaults === null || Array.isArray(defaults)) {
    throw new OptionsError("defaults", "it must be an object with a value for each key.");
  }
  try {
    codec.encode(defaults, "defaults");
  } catch (error) {
    throw new OptionsError("defaults", messageOf(error), { cause: error });
  }
  const entries = Object.entries(defaults).filter(([, value]) => value !== undefined);
  return new Map(entries.map(([key, value]) => [key, codec.encode(value, key)]));
}

function schemaShape(schema: Schema<object>, migrate: Migrate | undefined, codec: Codec): Shape {
  const defaults = defaultsOf(schema, codec);
  const view = (candidate: JsonObject): KeyedValues => viewBy(schema, codec.view(candidate), codec);
  const migrated = (document: JsonObject): JsonObject => {
    if (migrate === undefined) return document;
    const values = codec.view(document);
    return codec.unview(migrate(values), document, values);
  };
  return {
    codec,
    read: (text) => {
      const parsed = codec.parseDocument(text);
      if (parsed === undefined) return unreadable(text);
      try {
        const document = migrated(parsed);
        return new Reading(document, view(document));
      } catch {
        return "schema";
      }
    },
    document: (text) => migrated(codec.parseDocument(text) ?? {}),
    view,
    check: ({ document: candidate }, { document: before }, viewed = view) => {
      const shown = viewed(candidate);
      const isChanged = (key: string): boolean => candidate[key] !== own(before, key);
      const keys = Object.keys(candidate).filter(isChanged);
      // Most values come out as they went in; only for others must the schema be asked again.
      const altered = keys.filter((key) => !isSame(candidate[key], own(shown, key), codec));
      if (altered.length === 0) return;
      const unsettled = findUnsettled(schema, codec.view(candidate), pick(shown, altered), codec);
      if (unsettled === undefined) return;
      throw new CodecError(
        unsettled.path,
        `the schema makes something else of it each time it is read (${unsettled.why}). Let it ` +
          "check values and not transform them.",
        "schema",
      );
    },
    defaultOf: (key) => codec.copyOf(defaults.get(key)),
    defaultKeys: [...defaults.keys()],
  };
}

function viewBy(schema: Schema<object>, values: KeyedValues, codec: Codec): KeyedValues {
  // A schema may change what it is given; the document must stay as stored.
  const result = synchronous(schema, codec.copyOf(values));
  if (result.issues === undefined) return result.value as KeyedValues;
  const [issue] = result.issues;
  const path = issue === undefined ? "data" : issuePath(issue);
  const message = issue?.message ?? "no reason given";
  throw new CodecError(path, `the schema refuses it (${message}).`, "schema");
}

/** What a schema makes of a value, though it would not accept that as it is. */
interface Unsettled {
  readonly path: string;
  readonly why: string;
}

/** Finds what, stored again, would be refused or become yet another value. */
function findUnsettled(
  schema: Schema<object>,
  values: KeyedValues,
  shown: KeyedValues,
  codec: Codec,
): Unsettled | undefined {
  try {
    const keys = Object.keys(shown);
    const texts = keys.map((key) => [key, codec.encode(shown[key], key)] as const);
    const again = viewBy(schema, { ...values, ...shown }, codec);
    const moving = texts.find(([key, text]) => codec.looseText(own(again, key)) !== text);
    return moving && { path: moving[0], why: "it goes on changing" };
  } catch (error) {
    if (error instanceof CodecError) return { path: error.path, why: error.message };
    throw error;
  }
}

function isSame(value: JsonValue | undefined, shown: unknown, codec: Codec): boolean {
  // What is no part of the schema is kept for whoever knows it.
  if (shown === undefined || value === undefined || value === shown) return true;
  return codec.isStorable(shown) && codec.looseText(codec.revive(value)) === codec.looseText(shown);
}

/** What the schema gives a visitor without data: shown as it is, and stored with what changes in it. */
function defaultsOf(schema: Schema<object>, codec: Codec): ReadonlyMap<string, unknown> {
  const entries = Object.entries(resultForNobody(schema));
  const defaults = entries.filter(([, value]) => value !== undefined);
  const unsettled = findUnsettled(schema, {}, Object.fromEntries(defaults), codec);
  if (unsettled === undefined) return new Map(defaults);
  throw new OptionsError(
    "schema",
    `it must accept what it returns as it is, and makes "${unsettled.path}" of {}: ` +
      `${unsettled.why}. Let it check values and not transform them.`,
  );
}

/** What a schema makes of {}: a visitor without data must be welcome. */
function resultForNobody(schema: Schema<object>): object {
  if (typeof schema?.["~standard"]?.validate !== "function") {
    throw new OptionsError(
      "schema",
      "it is not a Standard Schema. Zod, Valibot or ArkType make one.",
    );
  }
  const result = synchronous(schema, {});
  if (result.issues === undefined) return result.value;
  const paths = result.issues.map(issuePath).join(", ");
  throw new OptionsError(
    "schema",
    `it must accept {}, as a new visitor has no data. Give a default for: ${paths}.`,
  );
}

/** Asking a schema must not take a turn of the event loop: a commit could not be one step. */
export function synchronous<Output>(schema: Schema<Output>, value: unknown): SchemaResult<Output> {
  const result = schema["~standard"].validate(value);
  if (!("then" in result)) return result;
  result.then(undefined, () => undefined);
  throw new OptionsError("schema", "it answers asynchronously. Use one without async checks.");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
