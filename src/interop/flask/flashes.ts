import type { FlashEntry } from "../../core/commit/edit.ts";
import { merged } from "../python/merge.ts";
import { PyTuple, type PyValue } from "../python/values.ts";
import { isList, viewOf } from "../python/view.ts";

/** The messages of `flash(message, category)` that nobody has seen yet, as `_flashes` holds them. */
export function flashesIn(stored: PyValue | undefined): readonly FlashEntry[] {
  return namedIn(stored).flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
}

/** What `_flashes` is to hold; `undefined` where nothing is left of it. */
export function storedFlashes(
  flash: readonly FlashEntry[],
  before: PyValue | undefined,
): PyValue | undefined {
  const wanted = new Map(flash.map((entry) => [entry[0], entry]));
  const known = namedIn(before);
  // What is no message of Flask's own is left to whoever wrote it.
  const kept = known.filter(({ entry }) => entry === undefined || wanted.has(entry[0]));
  const names = new Set(known.map(({ entry }) => entry?.[0]));
  const added = flash.filter(([name]) => !names.has(name));
  if (kept.length === known.length && added.length === 0) return before;
  if (kept.length + added.length === 0) return undefined;
  return [...kept.map(({ item }) => item), ...added.map(messageOf)];
}

interface Named {
  readonly item: PyValue;
  readonly entry: FlashEntry | undefined;
}

/** Each message under a name of its own that does not change when others are taken. */
function namedIn(stored: PyValue | undefined): readonly Named[] {
  const counts = new Map<string, number>();
  return itemsOf(stored).map((item) => {
    const [category, message, ...others] = itemsOf(item);
    if (typeof category !== "string" || message === undefined || others.length > 0) {
      return { item, entry: undefined };
    }
    const view = viewOf(message);
    const text = JSON.stringify([category, view]);
    const place = counts.get(text) ?? 0;
    counts.set(text, place + 1);
    return { item, entry: [`${place}${text}`, category, view] };
  });
}

function messageOf([, category, value]: FlashEntry): PyValue {
  return new PyTuple([category, merged(undefined, value, "flash")]);
}

function itemsOf(value: PyValue | undefined): readonly PyValue[] {
  if (value instanceof PyTuple) return value.items;
  return isList(value) ? value : [];
}
