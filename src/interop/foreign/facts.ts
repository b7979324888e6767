import { GRACE_MS } from "../../core/clocks.ts";
import { type JsonObject, type JsonValue, parseObject } from "../../core/json.ts";
import { lastingNotes, notesOfNobody } from "../../core/notes.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { merged } from "../python/merge.ts";
import { PyDict, type PyValue } from "../python/values.ts";
import { viewOf } from "../python/view.ts";
import { type DueValues, dueValuesOf } from "./due-values.ts";

/** What the other framework has no place for, kept under one key of the session's data. */
export interface Facts {
  readonly createdAt?: EpochMs | undefined;
  /** Whose sign-in `authenticatedAt` and `device` are of: the framework may have signed in another. */
  readonly userId?: string | undefined;
  readonly authenticatedAt?: EpochMs | undefined;
  readonly device?: string | undefined;
  readonly notes?: string | undefined;
  readonly dueValues?: DueValues | undefined;
}

const NO_FACTS: Facts = {};

/** The facts of a document. What has not their form is left out: others can write there too. */
export function factsIn(stored: PyValue | undefined): Facts {
  return stored instanceof PyDict ? factsSeen(viewOf(stored)) : NO_FACTS;
}

/** The same of what an application would see of them. */
export function factsSeen(view: JsonValue | undefined): Facts {
  if (typeof view !== "object" || view === null) return NO_FACTS;
  const { createdAt, userId, authenticatedAt, device, notes, dueValues } = view as JsonObject;
  return {
    createdAt: instantOf(createdAt),
    userId: typeof userId === "string" ? userId : undefined,
    authenticatedAt: instantOf(authenticatedAt),
    device: typeof device === "string" ? device : undefined,
    notes: typeof notes === "string" && parseObject(notes) !== undefined ? notes : undefined,
    dueValues: dueValuesOf(dueValues),
  };
}

/** What of the facts is true of a session in which this user is signed in. */
export function factsFor(facts: Facts, userId: string | undefined, now: EpochMs): Facts {
  const { authenticatedAt, device, createdAt, ...rest } = facts;
  const isTheirs = userId !== undefined && facts.userId === userId;
  return {
    ...rest,
    // A visitor who is nobody, as before, goes on with what they have begun.
    notes: facts.userId === userId ? rest.notes : notesOfNobody(rest.notes),
    createdAt: pastOf(createdAt, now),
    ...(isTheirs && { authenticatedAt: pastOf(authenticatedAt, now), device }),
  };
}

/** What is to come has not happened: nobody is fresh for ever, or lives on. */
function pastOf(instant: EpochMs | undefined, now: EpochMs): EpochMs | undefined {
  return instant === undefined || instant > now + GRACE_MS ? undefined : instant;
}

/**
 * What of a record is kept so; `undefined` where there is nothing.
 *
 * @param least - Whether its age alone is worth it: that an absolute timeout counts from there.
 */
export function factsOf(record: SessionRecord, least: "age" | "more"): Facts | undefined {
  const { createdAt, authenticatedAt, device } = record;
  const notes = lastingNotes(record.notes);
  const isSignedIn = [authenticatedAt, device].some((fact) => fact !== undefined);
  if (!isSignedIn && notes === undefined && least === "more") return undefined;
  const userId = isSignedIn ? record.userId : undefined;
  return { createdAt, userId, authenticatedAt, device, notes };
}

/** The facts as they are stored. */
export function storedFacts(facts: Facts, before: PyValue | undefined): PyValue {
  return merged(before, JSON.parse(JSON.stringify(facts)), "");
}

function instantOf(value: unknown): EpochMs | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
