import { policyFor } from "../../core/clocks.ts";
import { flashText } from "../../core/commit/edit.ts";
import { CodecError, DataTooLargeError, OptionsError } from "../../core/errors.ts";
import { checkKey, describeKey, type JsonObject } from "../../core/json.ts";
import type { Fields } from "../../core/lifecycle/new-record.ts";
import { editNotes, ofGeneration } from "../../core/notes.ts";
import { checkUserId, flag, requireKnownKeys } from "../../core/option-checks.ts";
import type { EngineSettings } from "../../core/options.ts";
import type { EpochMs } from "../../core/record.ts";
import type { Adopted, AdoptionMap } from "./old-session.ts";
import type { Old } from "./old-sessions.ts";

/** What `map` makes of an old session, checked. @throws what `map` does, or {@link OptionsError}. */
export function mapped(
  map: AdoptionMap<object>,
  { session }: Old,
  now: EpochMs,
): Adopted<object> | undefined {
  const adopted = map(session);
  if (adopted === undefined) return undefined;
  requireKnownKeys("adopt.map()", adopted, KNOWN);
  const { userId, persistent, authenticatedAt, createdAt } = adopted;
  if (userId !== undefined) checkUserId("adopt.map().userId", userId);
  flag("adopt.map().persistent", persistent);
  requirePast("adopt.map().authenticatedAt", authenticatedAt, now);
  requirePast("adopt.map().createdAt", createdAt, now);
  return adopted;
}

/** What the record of a session begins with that goes on from an old one. */
export function adoptedFields(
  adopted: Adopted<object>,
  { session, flash }: Old,
  { settings, device, generation, now }: AdoptionFacts,
): Fields {
  const { userId, persistent = session.persistent, authenticatedAt, createdAt = now } = adopted;
  const data = dataOf(adopted.data, settings);
  return {
    data,
    flash: fitting(data, flashText(flash), settings),
    notes: editNotes(undefined, [ofGeneration(generation)]),
    userId,
    createdAt,
    lastSeenAt: now,
    authenticatedAt: userId === undefined ? undefined : authenticatedAt,
    persistent,
    device: userId === undefined ? undefined : device,
    ...policyFor(settings.policies, { persistent, userId }),
  };
}

/** What is known beside the two sessions. */
export interface AdoptionFacts {
  readonly settings: EngineSettings;
  readonly device: string | undefined;
  /** The user's generation that the session is admitted under. */
  readonly generation: number;
  readonly now: EpochMs;
}

const KNOWN: readonly (keyof Adopted)[] = [
  "data",
  "userId",
  "persistent",
  "authenticatedAt",
  "createdAt",
];

function requirePast(option: string, at: EpochMs | undefined, now: EpochMs): void {
  if (at === undefined || (Number.isSafeInteger(at) && at > 0 && at <= now)) return;
  throw new OptionsError(option, "must be a time in the past, as whole milliseconds since 1970.");
}

/** The data as it is stored. @throws {@link CodecError} naming what cannot be kept. */
function dataOf(data: object, { shape }: EngineSettings): string {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new CodecError("data", "map must return an object with a value for each key.");
  }
  const document: JsonObject = {};
  for (const [key, value] of Object.entries(data)) {
    checkKey(key, describeKey(key));
    const stored =
      value === undefined ? undefined : shape.codec.parse(shape.codec.encode(value, key));
    if (stored !== undefined) document[key] = stored;
  }
  shape.check({ document }, { document: {} });
  return JSON.stringify(document);
}

/** Messages are dropped before data is refused. */
function fitting(data: string, flash: string, { maxDataBytes }: EngineSettings): string {
  const bytes = Buffer.byteLength(data);
  if (bytes > maxDataBytes) throw new DataTooLargeError(bytes, maxDataBytes);
  return bytes + Buffer.byteLength(flash) > maxDataBytes ? "" : flash;
}
