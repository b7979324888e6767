import type { FlashEntry } from "../../core/commit/edit.ts";
import { merged } from "../python/merge.ts";
import { PyDict, type PyEntry, type PyValue } from "../python/values.ts";
import { viewOf } from "../python/view.ts";

/** Pycket's notifications as messages: each name is a category, and holds one value. */
export function notificationsIn(stored: PyValue | undefined): readonly FlashEntry[] {
  return entriesOf(stored).flatMap((entry) => {
    const message = messageOf(entry);
    return message === undefined ? [] : [message];
  });
}

/** What is to be stored of them; `undefined` where there is nothing, and was nothing. */
export function storedNotifications(
  flash: readonly FlashEntry[],
  before: PyValue | undefined,
): PyValue | undefined {
  // Of several messages of a category the last stays, as of several calls of `set`.
  const wanted = new Map(flash.map((entry) => [entry[1], entry]));
  const entries: PyEntry[] = [];
  for (const entry of entriesOf(before)) {
    const message = messageOf(entry);
    const kept = message === undefined ? entry : continued(entry, message, wanted);
    if (kept !== undefined) entries.push(kept);
  }
  for (const [, category, value] of wanted.values()) {
    entries.push([category, merged(undefined, value, "flash")]);
  }
  const earlier = entriesOf(before);
  const isSame = entries.length === earlier.length && entries.every((e, at) => e === earlier[at]);
  return isSame ? before : new PyDict(entries);
}

function continued(
  entry: PyEntry,
  [name, category]: FlashEntry,
  wanted: Map<string, FlashEntry>,
): PyEntry | undefined {
  const now = wanted.get(category);
  wanted.delete(category);
  if (now === undefined) return undefined;
  return now[0] === name ? entry : [category, merged(undefined, now[2], "flash")];
}

/** A message's own name changes with its value, so that a newer one is never taken for it. */
function messageOf([key, value]: PyEntry): FlashEntry | undefined {
  if (typeof key !== "string" || value === null) return undefined;
  const view = viewOf(value);
  return [JSON.stringify([key, view]), key, view];
}

function entriesOf(stored: PyValue | undefined): readonly PyEntry[] {
  return stored instanceof PyDict ? stored.entries : [];
}
