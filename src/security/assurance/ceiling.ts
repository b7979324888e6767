import { type Duration, durationMs } from "../../core/duration.ts";
import type { Protection, SigningIn } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { BELOW_BEST, boundedBy, entryOf, type NoteEdit, put } from "../../core/notes.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { behind } from "../../core/request/behind.ts";
import type { SessionView } from "../../core/session.ts";
import { AssuranceError } from "./errors.ts";

/** What a session is held to whose user could have proved more. */
export interface CeilingOptions {
  /**
   * The strongest factor that the user has enrolled, in the words of `signIn(userId, { factors })`;
   * `undefined` where any sign-in will do. What it throws refuses the sign-in.
   */
  readonly bestFactorOf: (userId: string) => Promise<string | undefined> | string | undefined;
  /** Ends such a session that nobody uses. @defaultValue as for any other */
  readonly idleTimeout?: Duration | undefined;
  /** Ends such a session, used or not. @defaultValue as for any other */
  readonly absoluteTimeout?: Duration | undefined;
}

/**
 * Holds sessions lower whose user has a better factor than the one that they signed in with: the thief of a
 * password gets less than its owner, who has a passkey. Such a session lives shorter, and {@link isBelowBest} tells
 * it. To prove that factor, by signing in again, lifts it.
 *
 * @throws {@link OptionsError} for options that are none.
 * @example
 * const best = ceiling({ bestFactorOf: (id) => users.bestFactor(id), absoluteTimeout: "1h" });
 * const sessions = createSessions({ store: memoryStore(), protections: [best] });
 */
export function ceiling(options: CeilingOptions): Protection {
  requireKnownKeys("ceiling", options, ["bestFactorOf", "idleTimeout", "absoluteTimeout"]);
  const { bestFactorOf } = options;
  if (typeof bestFactorOf !== "function") {
    throw new OptionsError("ceiling(bestFactorOf)", "must be a function that takes a user's id.");
  }
  const idleTimeoutMs = limitMs("ceiling(idleTimeout)", options.idleTimeout);
  const absoluteTimeoutMs = limitMs("ceiling(absoluteTimeout)", options.absoluteTimeout);
  const signingIn = async ({ userId, factors, deadline }: SigningIn): Promise<NoteEdit[]> => {
    const best = await bestFactorOf(userId);
    if (best === undefined || factors.has(best)) return [];
    const endsAt = deadline.now + absoluteTimeoutMs;
    return [(notes) => put(notes, BELOW_BEST, best), boundedBy({ idleTimeoutMs, endsAt })];
  };
  return { name: "ceiling", protect: () => ({ signingIn }) };
}

function limitMs(option: string, limit: Duration | undefined): number {
  return limit === undefined ? Number.POSITIVE_INFINITY : durationMs(option, limit);
}

/**
 * Whether the user of this session has a better factor than was proved in it, by what {@link ceiling} noted
 * when they signed in.
 *
 * @example
 * const mayExport = !isBelowBest(session);
 */
export function isBelowBest(session: object): boolean {
  const { record } = behind(session, "isBelowBest(session)").state;
  return entryOf(record?.notes, BELOW_BEST) !== undefined;
}

/**
 * Lets nobody pass whose session is below the best factor of its user.
 *
 * @throws {@link AssuranceError} `signedOut` (401) or `belowBest` (403).
 * @example
 * requireBest(session);
 */
export function requireBest(session: Pick<SessionView<object>, "userId">): void {
  if (session.userId === undefined) throw new AssuranceError("signedOut", "do this");
  if (isBelowBest(session)) throw new AssuranceError("belowBest", "do this");
}
