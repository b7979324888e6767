import { isObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { FLOWS, put } from "../../core/notes.ts";
import type { EpochMs } from "../../core/record.ts";

/** A flow that is under way, as it is noted. */
export interface Run {
  readonly step: string;
  readonly state: JsonObject;
  readonly endsAt: EpochMs;
}

/** Who begins more at once goes on with the newest. */
const MAX_RUNS = 8;

/** The run of that flow, if it is not over. */
export function runIn(noted: unknown, name: string, now: EpochMs): Run | undefined {
  if (!isObject(noted) || !Object.hasOwn(noted, name)) return undefined;
  const run: Partial<Run> = Object((noted as Readonly<Record<string, unknown>>)[name]);
  const { step, state, endsAt } = run;
  const isWhole = typeof step === "string" && isObject(state) && typeof endsAt === "number";
  return isWhole && now < endsAt ? (run as Run) : undefined;
}

/** Notes the run of one flow beside the others; `undefined` that it is over. */
export function putRun(notes: JsonObject, name: string, run: Run | undefined, now: EpochMs): void {
  const noted = Object(notes[FLOWS]) as JsonObject;
  const others = Object.keys(noted).filter((each) => each !== name);
  const live = others.flatMap((each) => {
    const other = runIn(noted, each, now);
    return other === undefined ? [] : [[each, other] as const];
  });
  const runs = run === undefined ? live : [...live, [name, run] as const].slice(-MAX_RUNS);
  const entry = Object.fromEntries(runs) as unknown as JsonValue;
  put(notes, FLOWS, runs.length === 0 ? undefined : entry);
}
