import type { SessionRecord, StoredSession, Tombstone } from "./record.ts";
import type { CommitId, SessionId } from "./token.ts";

/** What stands under the key of a session is no session. */
export class UnreadableError extends Error {}

/**
 * Reads what a backend without a schema gives back, field by field: what was damaged there, or was put
 * there by somebody else, is no session, and least of all one whose clocks never run out. A fresh object,
 * whatever the backend holds on to.
 *
 * @throws {@link UnreadableError} naming the field, and never what is in it.
 */
export function storedFrom(value: unknown, id: SessionId): StoredSession {
  const fields = new Fields(value);
  if (fields.text("id") !== id) throw new UnreadableError("it belongs to another session");
  switch (fields.text("kind")) {
    case "live":
      return recordOf(fields, id);
    case "ended":
      return tombstoneOf(fields, id);
    default:
      throw new UnreadableError("its kind is unknown");
  }
}

function recordOf(fields: Fields, id: SessionId): SessionRecord {
  return {
    kind: "live",
    id,
    manager: fields.text("manager"),
    version: fields.text("version") as CommitId,
    earlier: fields.text("earlier"),
    data: fields.text("data"),
    flash: fields.text("flash"),
    notes: fields.optionalText("notes"),
    userId: fields.optionalText("userId"),
    createdAt: fields.number("createdAt"),
    lastSeenAt: fields.number("lastSeenAt"),
    authenticatedAt: fields.optionalNumber("authenticatedAt"),
    persistent: fields.flag("persistent"),
    device: fields.optionalText("device"),
    idleTimeoutMs: fields.number("idleTimeoutMs"),
    absoluteTimeoutMs: fields.number("absoluteTimeoutMs"),
    expiresAt: fields.number("expiresAt"),
  };
}

function tombstoneOf(fields: Fields, id: SessionId): Tombstone {
  return {
    kind: "ended",
    id,
    manager: fields.text("manager"),
    version: fields.text("version") as CommitId,
    reason: fields.text("reason") as Tombstone["reason"],
    endedAt: fields.number("endedAt"),
    next: fields.optionalText("next") as SessionId | undefined,
    notes: fields.optionalText("notes"),
    expiresAt: fields.number("expiresAt"),
  };
}

/** Reads fields by their types. Its errors name the field, and never what is in it. */
class Fields {
  readonly #fields: object;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null) throw new UnreadableError("it is no object");
    this.#fields = value;
  }

  text(name: string): string {
    const field = this.#read(name);
    if (typeof field === "string") return field;
    throw new UnreadableError(`its ${name} is no text`);
  }

  optionalText(name: string): string | undefined {
    return this.#read(name) === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const field = this.#read(name);
    if (typeof field === "number" && Number.isFinite(field)) return field;
    throw new UnreadableError(`its ${name} is no number`);
  }

  optionalNumber(name: string): number | undefined {
    return this.#read(name) === undefined ? undefined : this.number(name);
  }

  flag(name: string): boolean {
    const field = this.#read(name);
    if (typeof field === "boolean") return field;
    throw new UnreadableError(`its ${name} is neither true nor false`);
  }

  #read(name: string): unknown {
    return (Reflect.get(this.#fields, name) as unknown) ?? undefined;
  }
}
