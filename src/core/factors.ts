import { OptionsError } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { entryOf, type NoteEdit, put } from "./notes.ts";
import type { EpochMs, SessionRecord } from "./record.ts";

/** The entry of the notes under which factors stand. */
const FACTORS = "a";
/** Nobody has more; a session is no list of them. */
const MAX_FACTORS = 8;
const NAME_FORM = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;

/** When each factor was proved in a session. */
export type Factors = ReadonlyMap<string, EpochMs>;

/** What a sign-in says of its factors: those proved just now, or when each of them was. */
export type ProvedFactors = readonly string[] | Readonly<Record<string, EpochMs>>;

/** Of whoever has proved none. */
export const NO_FACTORS: Factors = new Map();

/** The factors that were proved in a session. */
export function factorsIn({ notes }: Pick<SessionRecord, "notes">): Factors {
  return factorsOf(entryOf(notes, FACTORS));
}

/** The factors that an entry of the notes names, whatever has become of it. */
export function factorsOf(entry: unknown): Factors {
  if (entry === undefined) return NO_FACTORS;
  const times = Object.entries(Object(entry) as JsonObject);
  return new Map(times.filter((each): each is [string, EpochMs] => typeof each[1] === "number"));
}

/** Notes when factors were proved; the newest, where they are too many. */
export function ofFactors(factors: Factors): NoteEdit {
  return (notes) => {
    const newest = [...factors].toSorted(([, one], [, other]) => other - one);
    const kept = newest.slice(0, MAX_FACTORS);
    put(notes, FACTORS, kept.length === 0 ? undefined : Object.fromEntries(kept));
  };
}

/** Notes that factors were proved, beside those that were before. */
export function alsoProved(factors: Factors): NoteEdit {
  return (notes) => ofFactors(new Map([...factorsOf(notes[FACTORS]), ...factors]))(notes);
}

/**
 * Checks what a sign-in says of its factors.
 *
 * @param listedAt - When those were proved that have no time of their own.
 * @throws {@link OptionsError} for what is no name of a factor, or was not proved yet.
 */
export function provedFactors(
  option: string,
  given: ProvedFactors,
  now: EpochMs,
  listedAt: EpochMs = now,
): Factors {
  if (Array.isArray(given)) {
    return new Map(factorNames(option, given).map((name) => [name, listedAt]));
  }
  const times = Object.entries(Object(given) as Record<string, EpochMs>);
  factorNames(
    option,
    times.map(([name]) => name),
  );
  if (times.some(([, at]) => !Number.isFinite(at) || at > now)) {
    throw new OptionsError(option, "a factor was proved at no moment that is over: epoch ms.");
  }
  return new Map(times.map(([name, at]) => [name, Math.floor(at)]));
}

/** @throws {@link OptionsError} for anything but some names: of none, each would be proved. */
export function factorNames(option: string, names: readonly string[]): readonly string[] {
  const isList = Array.isArray(names) && names.length > 0 && names.length <= MAX_FACTORS;
  if (isList && names.every((name) => typeof name === "string" && NAME_FORM.test(name))) {
    return names;
  }
  throw new OptionsError(
    option,
    `must name 1 to ${MAX_FACTORS} factors, such as ["password", "totp"]: a letter, then up to 31 ` +
      "letters, digits and hyphens.",
  );
}

/** Since when all of the factors stand proved; `undefined` where one of them does not. */
export function provedSince(factors: Factors, names: readonly string[]): EpochMs | undefined {
  const times = names.map((name) => factors.get(name) ?? Number.NEGATIVE_INFINITY);
  const since = Math.min(...times);
  return Number.isFinite(since) ? since : undefined;
}
