import { OptionsError, StoreError, type StoreOperation } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import {
  type SessionFacts,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
  UNREADABLE_DATA,
} from "../../core/record.ts";
import { aboutContent, type ContentProblem } from "../../core/unopened.ts";
import type { Binding } from "../../sealing/binding.ts";
import type { Sealer } from "../../sealing/sealer.ts";
import { bindParticulars, bindRecord, bindTombstone } from "./bindings.ts";
import {
  type Particulars,
  particularsFrom,
  particularsText,
  privateFrom,
  privateText,
} from "./private-texts.ts";
import { keyIdOf, type RetiredKeys } from "./retired-keys.ts";

/** The one key of a sealed record's data, which stays a JSON object for stores that look. */
const SEALED_KEY = "sojourn:sealed";

/** What came of a text: itself, or why nobody is to have it. */
type Reading =
  | { readonly kind: "opened"; readonly text: string }
  | { readonly kind: "retired" }
  | { readonly kind: "refused"; readonly problem: ContentProblem; readonly why: string };

/** Seals records on their way into a store, and opens them on their way out. */
export class SealedRecords {
  readonly #sealer: Sealer;
  readonly #retired: RetiredKeys;
  readonly #acceptPlain: boolean;

  constructor(sealer: Sealer, retired: RetiredKeys, acceptPlain: boolean) {
    this.#sealer = sealer;
    this.#retired = retired;
    this.#acceptPlain = acceptPlain;
  }

  /**
   * The record as the store may see it. What a list shows of a user's session is sealed once more by
   * itself, in the place of the notes, as a list comes without the data.
   *
   * @throws {@link StoreError} if there are no keys.
   */
  seal(operation: StoreOperation, record: SessionRecord): SessionRecord {
    const sealed = this.#seal(operation, privateText(record), bindRecord(record));
    const notes =
      record.userId === undefined
        ? undefined
        : this.#seal(operation, particularsText(record), bindParticulars(record));
    const data = JSON.stringify({ [SEALED_KEY]: sealed });
    return { ...record, data, flash: "", notes, device: undefined };
  }

  /** The tombstone as the store may see it. */
  sealTombstone(operation: StoreOperation, tombstone: Tombstone): Tombstone {
    const { notes } = tombstone;
    if (notes === undefined) return tombstone;
    return { ...tombstone, notes: this.#seal(operation, notes, bindTombstone(tombstone)) };
  }

  /**
   * The record as the application knows it; with nothing to read in it where its key is retired.
   *
   * @param whereNot - What becomes of a record that does not open: an error, as a missing key or an
   * altered row must not look like a visitor who has signed out; or nothing to read in it either.
   * @throws {@link StoreError} if it does not open.
   */
  open(
    operation: StoreOperation,
    record: SessionRecord,
    whereNot: "error" | "unreadable" = "error",
  ): SessionRecord {
    const sealed = sealedText(record);
    if (sealed === undefined && this.#acceptPlain) return record;
    const reading = this.#open(operation, sealed, bindRecord(record));
    if (reading.kind === "opened") return { ...record, ...privateFrom(reading.text) };
    if (reading.kind === "refused" && whereNot === "error") {
      throw aboutContent(reading.problem, new StoreError(operation, "failed", reading.why));
    }
    return { ...record, ...UNREADABLE };
  }

  /** The facts of a session; those that are private only if they open. */
  openFacts(operation: StoreOperation, facts: SessionFacts): SessionFacts {
    // A store may return more than it was asked for.
    const { data: _data, flash: _flash, ...rest } = facts as SessionRecord;
    if (this.#acceptPlain && isPlain(rest.notes)) return rest;
    const reading = this.#open(operation, rest.notes, bindParticulars(rest));
    const known = reading.kind === "opened" ? particularsFrom(reading.text) : NOTHING_KNOWN;
    return { ...rest, device: known.device, notes: known.notes };
  }

  /** What stands under an id, opened. */
  openStored(operation: StoreOperation, stored: StoredSession): StoredSession {
    if (stored.kind === "live") return this.open(operation, stored);
    return this.openTombstone(operation, stored);
  }

  /** The tombstone, without notes if they do not open: it says enough without them. */
  openTombstone(operation: StoreOperation, tombstone: Tombstone): Tombstone {
    const { notes } = tombstone;
    if (notes === undefined || (this.#acceptPlain && isPlain(notes))) return tombstone;
    const reading = this.#open(operation, notes, bindTombstone(tombstone));
    return { ...tombstone, notes: reading.kind === "opened" ? reading.text : undefined };
  }

  #seal(operation: StoreOperation, text: string, binding: Binding): string {
    const sealed = withKeys(operation, () => this.#sealer.seal(text, binding));
    // A function of keys may return one that nobody would open again.
    if (this.#retired.has(sealed)) throw new StoreError(operation, "failed", RETIRED_FIRST);
    return sealed;
  }

  #open(operation: StoreOperation, sealed: string | undefined, binding: Binding): Reading {
    if (sealed === undefined) return { kind: "refused", problem: "altered", why: NOT_SEALED };
    if (this.#retired.has(sealed)) return { kind: "retired" };
    const opening = withKeys(operation, () => this.#sealer.open(sealed, binding));
    if (opening.kind === "opened") return opening;
    if (opening.kind !== "unknownKey") {
      return { kind: "refused", problem: "altered", why: ALTERED };
    }
    return { kind: "refused", problem: "unknownKey", why: unknownKey(keyIdOf(sealed)) };
  }
}

/** The place of what opens for nobody. */
const NOTHING_KNOWN: Particulars = { device: undefined, notes: undefined };
const UNREADABLE = { ...NOTHING_KNOWN, data: UNREADABLE_DATA, flash: "" };

const NOT_SEALED =
  "a record in it is not encrypted; if it was stored before encryption was turned on, set acceptPlain";
const ALTERED = "a record in it was altered, or copied from another session";
const RETIRED_FIRST = "the first of the keys is one of those in retired";

function unknownKey(id: string): string {
  return (
    `a record in it is sealed under a key that is not in keys, ${id}; add the old key at the end, ` +
    "or, if it must not be used any more, to retired"
  );
}

function sealedText({ data }: SessionRecord): string | undefined {
  const sealed = parseObject(data)?.[SEALED_KEY];
  return typeof sealed === "string" ? sealed : undefined;
}

/** Whether notes are the library's own JSON, or none, rather than sealed. */
function isPlain(notes: string | undefined): boolean {
  return notes === undefined || notes.startsWith("{");
}

/** A function of keys that fails has written nothing. */
function withKeys<T>(operation: StoreOperation, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof OptionsError)) throw cause;
    throw new StoreError(operation, "failed", "the keys to encrypt by are not there", { cause });
  }
}
