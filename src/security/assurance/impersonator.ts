import { entryOf, IMPERSONATION } from "../../core/notes.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { AssuranceError } from "./errors.ts";

/** Who acts as a session's user, and what of their own session they may return to. */
export interface Impersonation {
  /** The operator. */
  readonly by: string;
  readonly reason: string;
  /** When it began, which is what an ending of all the operator's sessions is compared with. */
  readonly generation: number;
  readonly authenticatedAt?: EpochMs | undefined;
  /** What their session noted of their credentials. */
  readonly credential?: string | undefined;
  /** The absolute end of the operator's own session. */
  readonly endsAt: EpochMs;
}

/** Who acts as the user of a session; `undefined` where the user does. */
export function impersonationIn({
  notes,
}: Pick<SessionRecord, "notes">): Impersonation | undefined {
  return entryOf(notes, IMPERSONATION) as Impersonation | undefined;
}

/** @throws {@link AssuranceError} where an operator acts as the user: they prove nothing for them. */
export function refuseImpersonator(record: Pick<SessionRecord, "notes">, attempt: string): void {
  if (impersonationIn(record) !== undefined) throw new AssuranceError("impersonating", attempt);
}
