import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";

/** A key as the store has it: wrapped, with the times that every process judges it by. */
export interface Entry {
  /** The id by which errors name it: eight characters. */
  readonly kid: string;
  readonly wrapped: string;
  readonly createdAt: EpochMs;
  /** From then on it seals: every process knows it by then. */
  readonly usableAt: EpochMs;
  readonly revokedAt: EpochMs | undefined;
}

/** How keys come and go. */
export interface Rhythm {
  readonly rotateEveryMs: number;
  /** How long before its first use a key is published. */
  readonly aheadMs: number;
  /** How long what a key has sealed may live. */
  readonly keepForMs: number;
  /** How much later some process may learn of something. */
  readonly refreshEveryMs: number;
}

/** What a key does at a moment. */
export type KeyState = "pending" | "sealing" | "opening" | "revoked";

/** The key that seals: of those that every process knows, and nobody has revoked, the newest. */
export function sealingEntry(entries: readonly Entry[], now: EpochMs): Entry | undefined {
  return entries
    .filter((entry) => entry.revokedAt === undefined && entry.usableAt <= now)
    .reduce<Entry | undefined>(newer, undefined);
}

/** The key that will seal next. */
export function pendingEntry(entries: readonly Entry[], now: EpochMs): Entry | undefined {
  return entries.find((entry) => entry.revokedAt === undefined && entry.usableAt > now);
}

function newer(best: Entry | undefined, entry: Entry): Entry {
  return best === undefined || entry.usableAt > best.usableAt ? entry : best;
}

/** Whether the next key is to be published by now. */
export function isRotationDue(entries: readonly Entry[], now: EpochMs, rhythm: Rhythm): boolean {
  if (pendingEntry(entries, now) !== undefined) return false;
  const sealing = sealingEntry(entries, now);
  return sealing === undefined || now >= sealing.usableAt + rhythm.rotateEveryMs - rhythm.aheadMs;
}

/** When a new key may be used: at once where no process can seal otherwise. */
export function usableFrom(
  entries: readonly Entry[],
  now: EpochMs,
  { aheadMs }: Pick<Rhythm, "aheadMs">,
): EpochMs {
  return sealingEntry(entries, now) === undefined ? now : now + aheadMs;
}

/** Those that somebody may still bring something of. A revoked one is remembered as long, to be refused. */
export function entriesToKeep(
  entries: readonly Entry[],
  now: EpochMs,
  rhythm: Rhythm,
): readonly Entry[] {
  return entries.filter((entry) => now < goneAt(entry, entries, rhythm));
}

/** When nothing lives any more that a key has sealed; infinite as long as it is the newest. */
export function goneAt(entry: Entry, entries: readonly Entry[], rhythm: Rhythm): EpochMs {
  const stopped = Math.min(
    entry.revokedAt ?? Number.POSITIVE_INFINITY,
    ...entries
      .filter(({ usableAt, revokedAt }) => revokedAt === undefined && usableAt > entry.usableAt)
      .map(({ usableAt }) => usableAt),
  );
  return stopped + rhythm.keepForMs + 2 * rhythm.refreshEveryMs;
}

export function stateOf(entry: Entry, entries: readonly Entry[], now: EpochMs): KeyState {
  if (entry.revokedAt !== undefined) return "revoked";
  if (entry.usableAt > now) return "pending";
  return entry === sealingEntry(entries, now) ? "sealing" : "opening";
}

export function contentOf(entries: readonly Entry[]): JsonObject {
  const keys = entries.map(
    ({ kid, wrapped, createdAt, usableAt, revokedAt }): JsonValue => ({
      ...{ kid, wrapped, createdAt, usableAt },
      ...(revokedAt !== undefined && { revokedAt }),
    }),
  );
  return { keys };
}

/** Nobody else writes under such a name, so what is there has the form that we gave it. */
export function entriesIn(content: JsonObject | undefined): readonly Entry[] {
  const keys = (content?.["keys"] ?? []) as unknown as readonly Entry[];
  return keys.map((entry) => ({ ...entry, revokedAt: entry.revokedAt ?? undefined }));
}
