import { createHash } from "node:crypto";
import type { FlashEntry } from "../../core/commit/edit.ts";
import { CodecError } from "../../core/errors.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import type { PyValue } from "../python/values.ts";
import { isList } from "../python/view.ts";

/** The name that each level has here and in Django's templates: its `MESSAGE_TAGS`. */
export type MessageTags = ReadonlyMap<number, string>;

/** `django.contrib.messages.constants.DEFAULT_TAGS`. */
export const DEFAULT_TAGS: MessageTags = new Map([
  [10, "debug"],
  [20, "info"],
  [25, "success"],
  [30, "warning"],
  [40, "error"],
]);

/** Reads and writes what Django's `SessionStorage` keeps under `_messages`: JSON within the data. */
export class DjangoMessages {
  readonly #tags: MessageTags;

  constructor(tags: MessageTags) {
    this.#tags = tags;
  }

  /** The messages as flash entries: the key of each is its level's tag. */
  read(stored: PyValue | undefined): readonly FlashEntry[] {
    return entriesIn(stored).flatMap((entry): FlashEntry[] => {
      const message = messageIn(entry.value);
      if (message === undefined) return [];
      return [[entry.name, this.#tagOf(message.level), message.text]];
    });
  }

  /** What to store: each message that was there as it was, each new one as Django would write it. */
  write(flash: readonly FlashEntry[], stored: PyValue | undefined): PyValue | undefined {
    const before = entriesIn(stored);
    const known = before.filter(({ value }) => messageIn(value) !== undefined);
    const isSame =
      known.length === flash.length && known.every(({ name }, at) => name === flash[at]?.[0]);
    if (isSame) return stored;
    const earlier = new Map(before.map(({ hash, value }) => [hash, value]));
    const values = flash.map((entry) => earlier.get(hashIn(entry[0])) ?? this.#newOf(entry));
    if (values.length === 0) return undefined;
    const writing = writePyJson(values, { spaces: true });
    if (writing.ok) return writing.text;
    throw new CodecError("flash", "Django's messages are texts.");
  }

  #tagOf(level: number): string {
    return this.#tags.get(level) ?? String(level);
  }

  #newOf([, tag, text]: FlashEntry): PyValue {
    const [level] = [...this.#tags].find(([, each]) => each === tag) ?? [Number(tag)];
    if (!Number.isSafeInteger(level)) {
      const known = [...this.#tags.values()].join(", ");
      throw new CodecError(`flash.${tag}`, `Django has no level of this name, only ${known}.`);
    }
    if (typeof text === "string") return ["__json_message", 0, level, text];
    throw new CodecError(`flash.${tag}`, "Django's messages are texts.");
  }
}

interface StoredEntry {
  /** The same as long as the message stays: its hash, and the how many-th of the like it is. */
  readonly name: string;
  readonly hash: string;
  readonly value: PyValue;
}

function entriesIn(stored: PyValue | undefined): readonly StoredEntry[] {
  const reading = typeof stored === "string" ? readPyJson(stored) : undefined;
  if (!reading?.ok || !isList(reading.value)) return [];
  const counts = new Map<string, number>();
  return reading.value.map((value) => {
    const hash = hashOf(value);
    const count = (counts.get(hash) ?? 0) + 1;
    counts.set(hash, count);
    return { name: `${hash}.${count}`, hash, value };
  });
}

function hashOf(value: PyValue): string {
  const writing = writePyJson(value);
  const text = writing.ok ? writing.text : "";
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

function hashIn(name: string): string {
  return name.slice(0, name.indexOf("."));
}

interface Message {
  readonly level: number;
  readonly text: string;
}

/** `["__json_message", is safe, level, text, extra tags]`. */
function messageIn(value: PyValue): Message | undefined {
  if (!isList(value) || value[0] !== "__json_message") return undefined;
  const [, , level, text] = value;
  if (typeof level !== "number") return undefined;
  return typeof text === "string" ? { level, text } : undefined;
}
