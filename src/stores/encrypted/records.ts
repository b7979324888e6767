import { StoreError, type StoreOperation } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import {
  type SessionFacts,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
  UNREADABLE_DATA,
} from "../../core/record.ts";
import { isSide } from "../../core/side-record.ts";
import { aboutContent } from "../../core/unopened.ts";
import { isBound } from "../../sealing/bound-sealer.ts";
import { bindParticulars, bindRecord, bindTombstone } from "./bindings.ts";
import { type Asker, BoundRecords, type Read } from "./bound-records.ts";
import {
  type Particulars,
  particularsFrom,
  particularsText,
  privateFrom,
  privateText,
} from "./private-texts.ts";
import type { SealedTexts } from "./sealed-texts.ts";

/** The one key of a sealed record's data, which stays a JSON object for stores that look. */
const SEALED_KEY = "sojourn:sealed";

/** How records are sealed. */
export interface RecordSealing {
  readonly texts: SealedTexts;
  readonly acceptPlain: boolean;
  /** Whether sessions are bound to their tokens. */
  readonly areBound: boolean;
}

/** Seals records on their way into a store, and opens them on their way out. */
export class SealedRecords {
  /** Whether sessions are bound to their tokens. */
  readonly areBound: boolean;
  readonly #texts: SealedTexts;
  readonly #bound: BoundRecords;
  readonly #acceptPlain: boolean;

  constructor({ texts, acceptPlain, areBound }: RecordSealing) {
    this.areBound = areBound;
    this.#texts = texts;
    this.#bound = new BoundRecords(texts, areBound);
    this.#acceptPlain = acceptPlain;
  }

  /**
   * The record as the store may see it. What a list shows of a user's session is sealed once more by
   * itself, in the place of the notes, as a list comes without the data.
   *
   * @throws {@link StoreError} if there are no keys, or no token where it takes one.
   */
  seal(operation: StoreOperation, record: SessionRecord, asker: Asker): SessionRecord {
    const isToBind = this.areBound && !isSide(record) && !isUnboundYet(operation, record, asker);
    const { sealed, notes } = isToBind
      ? this.#bound.seal(operation, record, asker)
      : this.#sealed(operation, record);
    const data = JSON.stringify({ [SEALED_KEY]: sealed });
    return { ...record, data, flash: "", notes, device: undefined };
  }

  /** The tombstone as the store may see it. */
  sealTombstone(operation: StoreOperation, tombstone: Tombstone): Tombstone {
    const { notes } = tombstone;
    if (notes === undefined) return tombstone;
    const sealed = this.#texts.seal(operation, notes, bindTombstone(tombstone));
    return { ...tombstone, notes: sealed };
  }

  /**
   * The record as the application knows it; with nothing to read in it where its key is retired, and
   * without its data where those are bound to a token that nobody has brought.
   *
   * @param whereNot - What becomes of a record that does not open: an error, as a missing key or an
   * altered row must not look like a visitor who has signed out; or nothing to read in it either.
   * @throws {@link StoreError} if it does not open.
   */
  open(
    operation: StoreOperation,
    record: SessionRecord,
    asker: Asker,
    whereNot: "error" | "unreadable" = "error",
  ): SessionRecord {
    const sealed = sealedText(record);
    if (sealed === undefined && this.#acceptPlain) return record;
    const read =
      sealed !== undefined && isBound(sealed)
        ? this.#bound.open(operation, record, sealed, asker)
        : this.#opened(operation, record, sealed);
    if (read.kind === "read") return read.record;
    if (read.kind === "refused" && whereNot === "error") {
      throw aboutContent(read.problem, new StoreError(operation, "failed", read.why));
    }
    return { ...record, ...UNREADABLE };
  }

  /** The facts of a session; those that are private only if they open. */
  openFacts(operation: StoreOperation, facts: SessionFacts): SessionFacts {
    // A store may return more than it was asked for.
    const { data: _data, flash: _flash, ...rest } = facts as SessionRecord;
    if (this.#acceptPlain && isPlain(rest.notes)) return rest;
    const reading = this.#texts.open(operation, rest.notes, bindParticulars(rest));
    const known = reading.kind === "opened" ? particularsFrom(reading.text) : NOTHING_KNOWN;
    return { ...rest, device: known.device, notes: known.notes };
  }

  /** What stands under an id, opened. */
  openStored(operation: StoreOperation, stored: StoredSession, asker: Asker): StoredSession {
    if (stored.kind === "live") return this.open(operation, stored, asker);
    return this.openTombstone(operation, stored);
  }

  /** The tombstone, without notes if they do not open: it says enough without them. */
  openTombstone(operation: StoreOperation, tombstone: Tombstone): Tombstone {
    const { notes } = tombstone;
    if (notes === undefined || (this.#acceptPlain && isPlain(notes))) return tombstone;
    const reading = this.#texts.open(operation, notes, bindTombstone(tombstone));
    return { ...tombstone, notes: reading.kind === "opened" ? reading.text : undefined };
  }

  #sealed(operation: StoreOperation, record: SessionRecord): Sealed {
    const sealed = this.#texts.seal(operation, privateText(record), bindRecord(record));
    if (record.userId === undefined) return { sealed, notes: undefined };
    const particulars = particularsText(record);
    return { sealed, notes: this.#texts.seal(operation, particulars, bindParticulars(record)) };
  }

  #opened(operation: StoreOperation, record: SessionRecord, sealed: string | undefined): Read {
    const reading = this.#texts.open(operation, sealed, bindRecord(record));
    if (reading.kind !== "opened") return reading;
    return { kind: "read", record: { ...record, ...privateFrom(reading.text) } };
  }
}

interface Sealed {
  readonly sealed: string;
  readonly notes: string | undefined;
}

/** The place of what opens for nobody. */
const NOTHING_KNOWN: Particulars = { device: undefined, notes: undefined };
const UNREADABLE = { ...NOTHING_KNOWN, data: UNREADABLE_DATA, flash: "" };

/**
 * Whether it is from before sessions were bound, and still to be noted of by somebody without the token:
 * who reads data without it has read what the keys alone open.
 */
function isUnboundYet(
  operation: StoreOperation,
  { id, data }: SessionRecord,
  asker: Asker,
): boolean {
  return operation === "update" && data.startsWith("{") && asker.secretOf?.(id) === undefined;
}

function sealedText({ data }: SessionRecord): string | undefined {
  const sealed = parseObject(data)?.[SEALED_KEY];
  return typeof sealed === "string" ? sealed : undefined;
}

/** Whether notes are the library's own JSON, or none, rather than sealed. */
function isPlain(notes: string | undefined): boolean {
  return notes === undefined || notes.startsWith("{");
}
