import { type Duration, durationMs } from "../duration.ts";
import { OptionsError } from "../errors.ts";
import { checkKey } from "../json.ts";
import { flag, requireKnownKeys } from "../option-checks.ts";
import type { ExclusiveOptions } from "../session.ts";

/** What is to be done, and how long it and others may take. */
export interface ExclusiveTerms {
  readonly name: string;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly runAnyway: boolean;
}

const MAX_NAME_LENGTH = 100;
const DEFAULT_LEASE: Duration = "10s";
const MAX_LEASE_MS = 3_600_000;
const MAX_WAIT_MS = 86_400_000;

/** The terms that are asked for. @throws {@link OptionsError} naming what is wrong. */
export function exclusiveTerms(
  name: unknown,
  options: ExclusiveOptions,
  work: unknown,
): ExclusiveTerms {
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH) {
    const form = `a text of 1 to ${MAX_NAME_LENGTH} characters`;
    throw new OptionsError("exclusive(name)", `must be ${form}, such as "refresh".`);
  }
  checkKey(name, "exclusive(name)");
  if (typeof work !== "function") {
    throw new OptionsError("exclusive(work)", "must be a function that does the work.");
  }
  requireKnownKeys("exclusive", options, ["lease", "wait", "runAnyway"]);
  const { lease = DEFAULT_LEASE, runAnyway = false } = options;
  const leaseMs = durationMs("exclusive(lease)", lease);
  if (leaseMs > MAX_LEASE_MS) throw new OptionsError("exclusive(lease)", "is an hour at most.");
  const { wait = 2 * leaseMs } = options;
  const waitMs = durationMs("exclusive(wait)", wait);
  if (waitMs > MAX_WAIT_MS) throw new OptionsError("exclusive(wait)", "is a day at most.");
  flag("exclusive(runAnyway)", runAnyway);
  return { name, leaseMs, waitMs, runAnyway };
}
