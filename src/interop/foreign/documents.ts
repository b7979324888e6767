import { flashText, parseFlash } from "../../core/commit/edit.ts";
import { CodecError, StoreError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { type JsonObject, type JsonValue, parseObject } from "../../core/json.ts";
import { boundsIn, dueTimesIn, expectedIn } from "../../core/notes.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { refuseNewMarkup } from "../python/markup.ts";
import { dictOf } from "../python/merge.ts";
import { isPlainKey } from "../python/tags.ts";
import { PyDict, type PyEntry, type PyValue } from "../python/values.ts";
import { viewOf } from "../python/view.ts";
import { dueValuesIn, stillDue } from "./due-values.ts";
import { type Facts, factsFor, factsIn, factsOf, factsSeen, storedFacts } from "./facts.ts";
import type {
  ForeignDocument,
  ForeignSessions,
  KeyChanges,
  Keyed,
  Said,
  ToSay,
} from "./foreign-sessions.ts";

/** A session as it was found. */
export interface Found {
  readonly id: SessionId;
  readonly version: CommitId;
  readonly document: ForeignDocument;
  /** When it was written, where its place says so and the document does not. */
  readonly writtenAt?: EpochMs | undefined;
  readonly endsAt: EpochMs | undefined;
}

/** What a record builds on. */
export interface Ground {
  readonly document: Pick<ForeignDocument, "dict">;
  /** As core has it of that version, whatever the framework makes of it; of a new session, `false`. */
  readonly persistent: boolean;
}

/** A document that is to be written. */
export interface ToWrite {
  readonly dict: PyDict;
  readonly endsAt: EpochMs;
  readonly persistent: boolean;
  readonly renewal: ForeignSessions["renewal"];
}

/** As the data's text has it. */
const MARKUP = '"$markup"';

const FOR_EVER = Number.POSITIVE_INFINITY;

export const NOTHING_BEFORE: ForeignDocument = { dict: new PyDict([]), writtenAt: undefined };

/** Makes records of documents, and documents of records. */
export class Documents {
  readonly #sessions: ForeignSessions;
  readonly #manager: string;
  readonly #request: RequestHead;

  constructor(sessions: ForeignSessions, manager: string, request: RequestHead) {
    this.#sessions = sessions;
    this.#manager = manager;
    this.#request = request;
  }

  /** What the framework's own keys say. */
  said(document: Pick<ForeignDocument, "dict" | "view" | "said">): Said {
    return document.said ?? this.#sessions.convention.read(keysOf(document));
  }

  /** The record of what was found. It ends when the framework says so, or earlier by our own facts. */
  recordOf(found: Found, now: EpochMs): SessionRecord {
    const { id, version, document, endsAt: end } = found;
    const writtenAt = document.writtenAt ?? found.writtenAt ?? now;
    const said = this.said(document);
    const { userId, persistent, flash, lifetimeMs, endsAt: saidEnd = FOR_EVER } = said;
    const { renewal = this.#sessions.renewal } = said;
    const facts = factsFor(this.#factsOf(document), userId, now);
    const endsAt = end ?? Math.min(writtenAt + lifetimeMs, saidEnd);
    const createdAt = facts.createdAt ?? writtenAt;
    const seen = (key: string): JsonValue | undefined => this.#seen(document, key);
    const notes = stillDue(facts.notes, facts.dueValues, seen);
    // Who writes on change alone owes no touch: activity moves nothing there.
    const lastSeenAt = renewal === "each-visit" ? endsAt - lifetimeMs : now;
    return {
      kind: "live",
      id,
      manager: this.#manager,
      version,
      earlier: "",
      data: this.#dataOf(document),
      flash: flashText(flash),
      notes,
      userId,
      createdAt,
      lastSeenAt,
      authenticatedAt: facts.authenticatedAt,
      persistent,
      device: facts.device,
      idleTimeoutMs: endsAt - lastSeenAt,
      absoluteTimeoutMs: Math.min(endsAt, this.#endBy(facts.createdAt, notes)) - createdAt,
      expiresAt: endsAt,
    };
  }

  /** The document of a record, made of the one that it builds on. */
  async toWrite(record: SessionRecord, ground: Ground, call: StoreCall): Promise<ToWrite> {
    const before = ground.document.dict;
    const { factsKey, convention } = this.#sessions;
    const values = parseObject(record.data) ?? {};
    this.#refuseOwnKeys(values);
    this.#refuseHandOff(record);
    const written = convention.write(this.#toSay(record, ground), before, call);
    const changes = new Map(written instanceof Promise ? await written : written);
    const facts = factsOf(record, this.#sessions.absoluteTimeoutMs === undefined ? "more" : "age");
    if (factsKey !== undefined) {
      changes.set(factsKey, facts && storedFacts(facts, before.get(factsKey)));
    } else if (facts?.notes !== undefined) {
      const why = `${this.#sessions.framework} has no place for what is noted of the session (a label, a key's own time, exclusive work); give the option factsKey`;
      throw new StoreError("update", "failed", why);
    }
    const joined = this.#joined(values, before, changes);
    if (record.data.includes(MARKUP)) refuseNewMarkup(before, joined);
    const dict = this.#withDueValues(joined, before, record.notes);
    const saidNow = this.said({ dict });
    const { lifetimeMs, endsAt: saidEnd = FOR_EVER, persistent } = saidNow;
    const { renewal = this.#sessions.renewal } = saidNow;
    const knownAt = factsKey === undefined ? undefined : facts?.createdAt;
    const ourEnd = this.#endBy(knownAt, record.notes);
    const endsAt = Math.min(call.now + lifetimeMs, saidEnd, ourEnd);
    return { dict, endsAt, persistent, renewal };
  }

  /** Notes which values are due, so that what Python puts in their places since is not. */
  #withDueValues(dict: PyDict, before: PyDict, notes: string | undefined): PyDict {
    const { factsKey } = this.#sessions;
    const times = dueTimesIn(notes);
    if (factsKey === undefined || times === undefined) return dict;
    const facts = factsIn(dict.get(factsKey));
    const dueValues = dueValuesIn(dict, times.keys());
    const stored = storedFacts({ ...facts, dueValues }, before.get(factsKey));
    const entries = dict.entries.map(
      (entry): PyEntry => (entry[0] === factsKey ? [factsKey, stored] : entry),
    );
    return new PyDict(entries, dict.kind);
  }

  /** When a session ends by what we know of it ourselves. */
  #endBy(knownAt: EpochMs | undefined, notes: string | undefined): EpochMs {
    const { absoluteTimeoutMs = FOR_EVER } = this.#sessions;
    const end = knownAt === undefined ? FOR_EVER : knownAt + absoluteTimeoutMs;
    return Math.min(end, boundsIn({ notes }).endsAt);
  }

  #seen({ view, dict }: ForeignDocument, key: string): JsonValue | undefined {
    if (view !== undefined) return ownOf(view, key);
    const value = dict.get(key);
    return value === undefined ? undefined : viewOf(value);
  }

  #factsOf(document: Pick<ForeignDocument, "dict" | "view">): Facts {
    const { factsKey } = this.#sessions;
    if (factsKey === undefined) return {};
    const { view } = document;
    return view === undefined
      ? factsIn(document.dict.get(factsKey))
      : factsSeen(ownOf(view, factsKey));
  }

  #toSay(record: SessionRecord, { document, persistent: earlier }: Ground): ToSay {
    const { userId, flash, authenticatedAt } = record;
    const persistent = record.persistent === earlier ? undefined : record.persistent;
    const facts = this.#factsOf(document);
    const isOther =
      this.said(document).userId !== userId || facts.authenticatedAt !== authenticatedAt;
    const isSignIn = userId !== undefined && authenticatedAt !== undefined && isOther;
    return { userId, persistent, flash: parseFlash(flash), isSignIn, request: this.#request };
  }

  #dataOf(document: ForeignDocument): string {
    const data: JsonObject = {};
    if (document.view !== undefined) {
      for (const [key, value] of Object.entries(document.view)) {
        if (!this.#isOwn(key)) data[key] = value;
      }
      return JSON.stringify(data);
    }
    for (const [key, value] of document.dict.entries) {
      if (this.#isVisible(key)) data[key] = viewOf(value);
    }
    return JSON.stringify(data);
  }

  /** Whether the application sees a key here: ours and the framework's own, and what is no text, it does not. */
  #isVisible(key: PyValue): key is string {
    return isPlainKey(key) && !this.#isOwn(key);
  }

  #isOwn(key: string): boolean {
    return key === this.#sessions.factsKey || this.#sessions.convention.keys.has(key);
  }

  /** Its code would lie beside the session, where the framework has no place. */
  #refuseHandOff(record: SessionRecord): void {
    if (expectedIn(record).length === 0) return;
    const why = `a hand-off needs more than ${this.#sessions.framework} keeps of a session`;
    throw new StoreError("update", "failed", why);
  }

  #refuseOwnKeys(values: JsonObject): void {
    const own = Object.keys(values).find((key) => this.#isOwn(key));
    if (own === undefined) return;
    throw new CodecError(
      own,
      `${this.#sessions.framework} has its own use for this key, which the session's own words say: userId, flash, persistent.`,
    );
  }

  /** The earlier document in its order, with what has changed. */
  #joined(values: JsonObject, before: PyDict, changes: KeyChanges): PyDict {
    const visible = before.entries.filter(([key]) => this.#isVisible(key));
    const data = dictOf(new PyDict(visible), values, "");
    const kept = new Map<PyValue, PyEntry>(data.entries.map((entry) => [entry[0], entry]));
    const entries: PyEntry[] = [];
    for (const entry of before.entries) {
      const [key] = entry;
      const now = this.#isVisible(key) ? kept.get(key) : changed(entry, changes);
      if (now !== undefined) entries.push(now);
      kept.delete(key);
    }
    entries.push(...kept.values());
    const known = new Set(before.entries.map(([key]) => key));
    for (const [key, value] of changes) {
      if (value !== undefined && !known.has(key)) entries.push([key, value]);
    }
    return new PyDict(entries, before.kind);
  }
}

/** The keys of a document, of which only those that JSON cannot tell are looked up in its dict. */
function keysOf(document: Pick<ForeignDocument, "dict" | "view">): Keyed {
  const { view } = document;
  if (view === undefined) return document.dict;
  return {
    get: (key) => {
      const value = ownOf(view, key);
      const isSame = value === undefined || value === null || !IN_DICT.has(typeof value);
      return isSame ? (value as PyValue | undefined) : document.dict.get(key);
    },
  };
}

/** Numbers may be floats, and objects tagged. */
const IN_DICT: ReadonlySet<string> = new Set(["number", "object"]);

function ownOf(view: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(view, key) ? view[key] : undefined;
}

function changed(entry: PyEntry, changes: KeyChanges): PyEntry | undefined {
  const [key] = entry;
  if (typeof key !== "string" || !changes.has(key)) return entry;
  const value = changes.get(key);
  return value === undefined ? undefined : [key, value];
}

/** Whether two documents are the same, entry for entry, and not merely equal. */
export function isUnchanged(one: PyDict, other: PyDict): boolean {
  return (
    one.entries.length === other.entries.length &&
    one.entries.every(([key, value], index) => {
      const [otherKey, otherValue] = other.entries[index] ?? [];
      return key === otherKey && value === otherValue;
    })
  );
}
