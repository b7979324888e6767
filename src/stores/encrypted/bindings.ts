import type { SessionFacts, SessionRecord, Tombstone } from "../../core/record.ts";
import { type Binding, bindTo } from "../../sealing/binding.ts";

/** What is sealed of a session opens with this session, in this version. */
export function bindRecord(record: SessionRecord): Binding {
  return bindFacts("sojourn/encrypted-store", record);
}

/** What a list shows opens in no other place. */
export function bindParticulars(facts: SessionFacts): Binding {
  return bindFacts("sojourn/encrypted-store/particulars", facts);
}

/** What is sealed to a session's token opens under its id; the version is the keys' concern. */
export function bindContents({ id, manager }: SessionRecord): Binding {
  return bindTo("sojourn/encrypted-store/contents", id, manager);
}

/**
 * Everything that is written with the data. Not `lastSeenAt` and `expiresAt`: a touch moves them
 * alone.
 */
function bindFacts(purpose: string, facts: SessionFacts): Binding {
  return bindTo(
    purpose,
    facts.id,
    facts.manager,
    facts.version,
    facts.earlier,
    optional(facts.userId),
    String(facts.createdAt),
    optional(facts.authenticatedAt),
    String(facts.persistent),
    String(facts.idleTimeoutMs),
    String(facts.absoluteTimeoutMs),
  );
}

/** Everything that a tombstone says. */
export function bindTombstone(tombstone: Tombstone): Binding {
  return bindTo(
    "sojourn/encrypted-store/ended",
    tombstone.id,
    tombstone.manager,
    tombstone.version,
    tombstone.reason,
    String(tombstone.endedAt),
    optional(tombstone.next),
    String(tombstone.expiresAt),
  );
}

/** Apart from every value: a user may be called "undefined". */
function optional(value: string | number | undefined): string {
  return value === undefined ? "" : `=${value}`;
}
