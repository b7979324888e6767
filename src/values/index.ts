import type { Codec, KeyedValues, RichValues } from "../core/codec.ts";
import { OptionsError } from "../core/errors.ts";
import {
  asObject,
  BEYOND_JSON_KEY,
  checkKey,
  type JsonObject,
  type JsonValue,
  own,
  parseMarked,
} from "../core/json.ts";
import { isBeyondJson } from "./admit.ts";
import { isFlattened } from "./flattened.ts";
import { copyOf } from "./kinds.ts";

export type { RichValues } from "../core/codec.ts";

/** What is asked of Devalue (https://github.com/sveltejs/devalue). */
export interface Devalue {
  readonly stringify: (value: unknown) => string;
  // A method, so that it may want to know more of what it is given.
  unflatten(entries: unknown[]): unknown;
}

/**
 * Lets a session hold Date, Map, Set, BigInt, URL and Uint8Array beside what JSON carries, as deep
 * inside each other as you like. What JSON carries is stored as before.
 *
 * @param devalue - The package `devalue`, version 5.9 or later: `import * as devalue from "devalue"`.
 * @throws {@link OptionsError} if it is none, or one that writes values in another form.
 * @example
 * import * as devalue from "devalue";
 * import { createSessions, memoryStore } from "sojourn";
 * import { richValues } from "sojourn/values";
 *
 * interface Shop {
 *   cart: Map<string, number>;
 *   lastOrder?: Date;
 * }
 *
 * const sessions = createSessions<Shop>({
 *   store: memoryStore(),
 *   values: richValues(devalue),
 *   defaults: { cart: new Map() },
 * });
 */
export function richValues(devalue: Devalue): RichValues {
  if (typeof devalue?.stringify !== "function" || typeof devalue.unflatten !== "function") {
    throw new OptionsError(
      "richValues(devalue)",
      'pass the package: import * as devalue from "devalue".',
    );
  }
  const codec = new RichCodec(devalue);
  requireUsualForm(codec);
  return { kind: "rich", codec };
}

/** Each kind of value, and what has been stored for it since the first release. */
const SAMPLE = [
  new Date(0),
  new Map<unknown, unknown>([["a", [null, true, { b: "a", c: 0.5 }]]]),
  new Set(["a", 1n]),
  new URL("https://example.com/"),
  new Uint8Array([1, 2]),
];
const SAMPLE_TEXT =
  '{"\\u0001devalue":[[1,2,9,11,12],["Date","1970-01-01T00:00:00.000Z"],["Map",3,4],"a",[5,6,7],' +
  'null,true,{"b":3,"c":8},0.5,["Set",3,10],["BigInt","1"],["URL","https://example.com/"],' +
  '["Uint8Array",13],["ArrayBuffer","AQI="]]}';

/** Its authors do not promise that the next version reads what this one writes. */
function requireUsualForm(codec: Codec): void {
  try {
    const again = codec.encode(codec.decode(SAMPLE_TEXT), "");
    if (codec.encode(SAMPLE, "") === SAMPLE_TEXT && again === SAMPLE_TEXT) return;
  } catch {
    // As if it had made something else.
  }
  throw new OptionsError(
    "richValues(devalue)",
    "this version of devalue stores values in another form. Install one from 5.9 up to 6.",
  );
}

class RichCodec implements Codec {
  readonly #devalue: Devalue;

  constructor(devalue: Devalue) {
    this.#devalue = devalue;
  }

  readonly encode = (value: unknown, path: string): string => {
    if (!isBeyondJson(value, path)) return JSON.stringify(value);
    // Of a copy: Devalue would write an object that stands twice once, and all bytes behind a few.
    return `{${MARK}:${this.#devalue.stringify(copyOf(value))}}`;
  };

  readonly decode = (text: string): unknown => this.revive(JSON.parse(text));

  readonly looseText = (value: unknown): string | undefined => {
    try {
      return this.encode(value, "");
    } catch {
      return undefined;
    }
  };

  readonly isStorable = (value: unknown): boolean => this.looseText(value) !== undefined;

  readonly copyOf = copyOf;

  readonly parse = parseMarked;

  readonly parseDocument = (text: string): JsonObject | undefined => {
    const document = asObject(parseMarked(text));
    if (document === undefined || Object.hasOwn(document, BEYOND_JSON_KEY)) return undefined;
    return Object.values(document).every(this.isReadable) ? document : undefined;
  };

  readonly isReadable = (stored: JsonValue): boolean => {
    const marked = markedIn(stored);
    return (
      marked === undefined || (Object.keys(Object(stored)).length === 1 && isFlattened(marked))
    );
  };

  readonly revive = (stored: JsonValue): unknown => {
    const marked = markedIn(stored);
    return marked === undefined ? stored : this.#devalue.unflatten(marked as JsonValue[]);
  };

  readonly view = (document: JsonObject): KeyedValues => {
    const marked = Object.keys(document).filter(
      (key) => markedIn(own(document, key)) !== undefined,
    );
    if (marked.length === 0) return document;
    const revived = marked.map((key) => [key, this.revive(own(document, key) ?? null)] as const);
    return { ...document, ...Object.fromEntries(revived) };
  };

  readonly unview = (values: KeyedValues, document: JsonObject, view: KeyedValues): JsonObject => {
    if (values === view) return document;
    const stored: JsonObject = {};
    for (const [key, value] of Object.entries(values)) {
      checkKey(key, key);
      const before = own(document, key);
      const isAsBefore = before !== undefined && value === own(view, key);
      if (isAsBefore) stored[key] = before;
      else if (value !== undefined) stored[key] = JSON.parse(this.encode(value, key));
    }
    return stored;
  };
}

const MARK = JSON.stringify(BEYOND_JSON_KEY);

/** What stands for a value beyond JSON, if that is what is stored. */
function markedIn(stored: JsonValue | undefined): JsonValue | undefined {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return undefined;
  return own(stored as Readonly<JsonObject>, BEYOND_JSON_KEY);
}
