import type { Target } from "./target.ts";
import { auditTrail } from "./targets/audit.ts";
import { cookieHeader, sealedCookies, tokens } from "./targets/cookies.ts";
import { csrfTokens } from "./targets/csrf.ts";
import { flowSteps, notes } from "./targets/notes.ts";
import { records } from "./targets/records.ts";
import { sealed, signed } from "./targets/seals.ts";

/** Everything that reads what somebody else may have written. */
export const TARGETS: readonly Target[] = [
  cookieHeader,
  tokens,
  sealedCookies,
  sealed,
  signed,
  ...records,
  notes,
  flowSteps,
  csrfTokens,
  auditTrail,
];

/** How many of so many inputs each target is given. */
export function shareOut(inputs: number, targets: readonly Target[]): Map<Target, number> {
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  return new Map(targets.map((each) => [each, Math.ceil((inputs * each.share) / shares)]));
}
