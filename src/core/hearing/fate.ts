import { endOf, expiredBy } from "../clocks.ts";
import type { EndedReason } from "../onlooker.ts";
import type { EpochMs, StoredSession, Tombstone } from "../record.ts";
import type { SessionId } from "../token.ts";

/** What has become of a session, as far as its store can tell. */
export type Fate =
  | { readonly kind: "live"; readonly userId: string | undefined; readonly endsAt: EpochMs }
  /** The same visitor goes on under a new token. */
  | { readonly kind: "moved"; readonly next: SessionId; readonly userId: string | undefined }
  | { readonly kind: "over"; readonly reason: EndedReason; readonly userId: string | undefined };

/** What was known of it before. */
export interface Known {
  readonly manager: string;
  /** When it would end if nobody used it. */
  readonly endsAt: EpochMs | undefined;
  /** Whose it was, where that is somebody known: what has ended names nobody. */
  ownerOf(stone: Tombstone): string | undefined;
}

/** The fate of a session by what stands under its id; what is another manager's is not there. */
export function fateOf(
  stored: StoredSession | undefined,
  { manager, endsAt, ownerOf }: Known,
  now: EpochMs,
): Fate {
  if (stored?.manager !== manager) {
    const isExpired = endsAt !== undefined && now >= endsAt;
    return { kind: "over", reason: isExpired ? "expired" : "unknown", userId: undefined };
  }
  if (stored.kind === "live") {
    const { userId } = stored;
    if (expiredBy(stored, now) !== undefined) return { kind: "over", reason: "expired", userId };
    return { kind: "live", userId, endsAt: endOf(stored) };
  }
  const { reason, next } = stored;
  const userId = ownerOf(stored);
  const goesOn = reason === "regenerated" && next !== undefined;
  return goesOn ? { kind: "moved", next, userId } : { kind: "over", reason, userId };
}
