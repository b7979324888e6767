import { OptionsError, StoreError, type StoreOperation } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import type { SessionRecord, StoredSession } from "../../core/record.ts";
import { type Binding, bindTo } from "../../sealing/binding.ts";
import type { Opening } from "../../sealing/opening.ts";
import type { Sealer } from "../../sealing/sealer.ts";

/** The one key of a sealed record's data, which stays a JSON object for stores that look. */
const SEALED_KEY = "sojourn:sealed";

/** What is sealed: data, flash, and the device if there is one. */
type Private = Pick<SessionRecord, "data" | "flash" | "device">;

/** Seals records on their way into a store, and opens them on their way out. */
export class SealedRecords {
  readonly #sealer: Sealer;
  readonly #acceptPlain: boolean;

  constructor(sealer: Sealer, acceptPlain: boolean) {
    this.#sealer = sealer;
    this.#acceptPlain = acceptPlain;
  }

  /** The record as the store may see it. @throws {@link StoreError} if there are no keys. */
  seal(operation: StoreOperation, record: SessionRecord): SessionRecord {
    const text = privateText(record);
    const binding = bindingOf(record);
    const sealed = withKeys(operation, () => this.#sealer.seal(text, binding));
    return {
      ...record,
      data: JSON.stringify({ [SEALED_KEY]: sealed }),
      flash: "",
      device: undefined,
    };
  }

  /**
   * The record as the application knows it.
   *
   * @throws {@link StoreError} if it does not open: an error, as a missing key or an altered row
   * must not look like a visitor who has signed out.
   */
  open(operation: StoreOperation, record: SessionRecord): SessionRecord {
    const sealed = sealedText(record);
    if (sealed === undefined) {
      if (this.#acceptPlain) return record;
      throw new StoreError(operation, "failed", NOT_SEALED);
    }
    const binding = bindingOf(record);
    const opening = withKeys(operation, () => this.#sealer.open(sealed, binding));
    if (opening.kind !== "opened") throw new StoreError(operation, "failed", WHY[opening.kind]);
    return { ...record, ...privateFrom(opening.text) };
  }

  /** What stands under an id, opened. A tombstone holds nothing private. */
  openStored(operation: StoreOperation, stored: StoredSession): StoredSession {
    return stored.kind === "live" ? this.open(operation, stored) : stored;
  }
}

const NOT_SEALED =
  "a record in it is not encrypted; if it was stored before encryption was turned on, set acceptPlain";

const ALTERED = "a record in it was altered, or copied from another session";

const WHY: Readonly<Record<Exclude<Opening["kind"], "opened">, string>> = {
  malformed: ALTERED,
  unknownKey:
    "a record in it is sealed under a key that is not in keys; add the old key at the end",
  altered: ALTERED,
};

/**
 * Everything that is written with the data. Not `lastSeenAt` and `expiresAt`: a touch moves them
 * alone.
 */
function bindingOf(record: SessionRecord): Binding {
  return bindTo(
    "sojourn/encrypted-store",
    record.id,
    record.manager,
    record.version,
    record.earlier,
    optional(record.userId),
    String(record.createdAt),
    optional(record.authenticatedAt),
    String(record.persistent),
    String(record.idleTimeoutMs),
    String(record.absoluteTimeoutMs),
  );
}

/** Apart from every value: a user may be called "undefined". */
function optional(value: string | number | undefined): string {
  return value === undefined ? "" : `=${value}`;
}

/** The lengths, whether there is a device, and the three texts: JSON would double every quote. */
function privateText({ data, flash, device }: Private): string {
  const sign = device === undefined ? "-" : "+";
  return `${data.length} ${flash.length}${sign}${data}${flash}${device ?? ""}`;
}

const LENGTHS = /^(\d+) (\d+)([-+])/;

function privateFrom(text: string): Private {
  const [front = "", dataLength, flashLength, sign] = LENGTHS.exec(text) ?? [];
  const dataEnd = front.length + Number(dataLength);
  const flashEnd = dataEnd + Number(flashLength);
  return {
    data: text.slice(front.length, dataEnd),
    flash: text.slice(dataEnd, flashEnd),
    device: sign === "-" ? undefined : text.slice(flashEnd),
  };
}

function sealedText({ data }: SessionRecord): string | undefined {
  const sealed = parseObject(data)?.[SEALED_KEY];
  return typeof sealed === "string" ? sealed : undefined;
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
