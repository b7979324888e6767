import { createHash } from "node:crypto";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import { boundData, boundTextIn, type SessionRecord } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";
import { isBound } from "../../sealing/bound-sealer.ts";
import { bindContents, bindParticulars } from "./bindings.ts";
import {
  contentsFrom,
  contentsText,
  particularsText,
  sealedParticularsFrom,
} from "./private-texts.ts";
import { ALTERED, type Reading, refusal, type SealedTexts } from "./sealed-texts.ts";

/** Who asks: with a session's secret, or without. */
export type Asker = Pick<StoreCall, "secretOf">;

/** A record as it is read, or why it is not. */
export type Read =
  | { readonly kind: "read"; readonly record: SessionRecord }
  | Exclude<Reading, { readonly kind: "opened" }>;

/** What of a record is sealed to its token, and how. */
export interface BoundParts {
  readonly sealed: string;
  readonly notes: string;
}

/**
 * Seals data and messages to the visitor's token, and all else under the keys alone, so that whoever ends
 * sessions, or spares them, can do so. What the keys seal knows the hash of what the token does: no row
 * can be put together from two.
 */
export class BoundRecords {
  readonly #texts: SealedTexts;
  readonly #areTokensAsked: boolean;

  constructor(texts: SealedTexts, areTokensAsked: boolean) {
    this.#texts = texts;
    this.#areTokensAsked = areTokensAsked;
  }

  /** @throws {@link StoreError} where nobody has the token, unless the contents stay as they were. */
  seal(operation: StoreOperation, record: SessionRecord, asker: Asker): BoundParts {
    const sealed = this.#unchanged(operation, record) ?? this.#contents(operation, record, asker);
    const particulars = particularsText(record, hashOf(sealed));
    return { sealed, notes: this.#texts.seal(operation, particulars, bindParticulars(record)) };
  }

  open(operation: StoreOperation, record: SessionRecord, sealed: string, asker: Asker): Read {
    if (this.#texts.isRetired(sealed)) return { kind: "retired" };
    if (!this.#areTokensAsked) return refusal("altered", NOT_ASKED);
    const reading = this.#texts.open(operation, record.notes, bindParticulars(record));
    if (reading.kind !== "opened") return reading;
    const { hash, ...known } = sealedParticularsFrom(reading.text);
    if (hash !== hashOf(sealed)) return refusal("altered", ALTERED);
    const secret = asker.secretOf?.(record.id);
    if (secret === undefined) {
      const data = boundData(record.id, sealed);
      return { kind: "read", record: { ...record, ...known, data, flash: "" } };
    }
    const contents = this.#texts.open(operation, sealed, bindContents(record), secret);
    if (contents.kind !== "opened") return contents;
    return { kind: "read", record: { ...record, ...known, ...contentsFrom(contents.text) } };
  }

  /** Who has read a record without its token may change what the library notes of it, and no more. */
  #unchanged(operation: StoreOperation, { id, data }: SessionRecord): string | undefined {
    const sealed = boundTextIn(id, data);
    return operation === "update" && sealed !== undefined && isBound(sealed) ? sealed : undefined;
  }

  #contents(operation: StoreOperation, record: SessionRecord, asker: Asker): string {
    const secret = asker.secretOf?.(record.id);
    // Data that opens for nobody here must not be taken for data.
    if (secret === undefined || !record.data.startsWith("{")) {
      throw new StoreError(operation, "failed", NO_TOKEN);
    }
    return this.#texts.seal(operation, contentsText(record), bindContents(record), secret);
  }
}

const NO_TOKEN =
  "it seals each session to the visitor's token, and only a request that brings it can write the data";
const NOT_ASKED =
  'a record in it is sealed to the visitor\'s token; write bindTo: "token" as long as such sessions live';

function hashOf(sealed: string): string {
  return createHash("sha256").update(sealed).digest("base64url");
}
