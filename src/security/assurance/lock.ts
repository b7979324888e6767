import { type Duration, durationMs } from "../../core/duration.ts";
import type { Engine, Hooks, Protection, Verdict } from "../../core/engine.ts";
import { HeadersSentError, OptionsError } from "../../core/errors.ts";
import { alsoProved, factorNames, provedFactors } from "../../core/factors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import type { SessionInfo } from "../../core/sessions.ts";
import { refuseImpersonator } from "./impersonator.ts";

/** When a session is locked. */
export interface LockOptions {
  /** How long nobody has used it. Shorter than `idleTimeout`, which says how long it is kept locked. */
  readonly after: Duration;
}

/** What {@link lockWhenIdle} returns: a protection, which also knows what is locked of a list. */
export interface LockProtection extends Protection {
  /**
   * Whether a session of a list is locked, or may be: activity is written down once in a tenth of `after`.
   *
   * @example
   * const lock = lockWhenIdle({ after: "1h" });
   * const all = await sessions.list({ userId: user.id });
   * const active = all.filter((info) => !lock.isLocked(info));
   */
  isLocked(info: Pick<SessionInfo, "userId" | "lastSeenAt">): boolean;
}

/** Activity is written down at least once in this fraction of the time. */
const NOTED_PER_TIME = 10;

const LOCKED: Verdict = { kind: "accepted", edits: [], isLocked: true };
/** Whatever is noted, a commit is activity. */
const SEEN: Verdict = { kind: "accepted", edits: [() => undefined] };

/**
 * Locks a signed-in session that nobody has used for so long: it is kept, and reads as empty and as nobody's, until
 * its user proves one factor (NIST SP 800-63B-4, 2.2.3). What it takes longer ends it as ever: `idleTimeout`
 * while it is locked, `absoluteTimeout` in any case.
 *
 * @throws {@link OptionsError} where sessions end before they would be locked, and from `createSessions` over
 * sessions that are shared with another framework.
 * @example
 * const lock = lockWhenIdle({ after: "1h" });
 * const sessions = createSessions({
 *   store: memoryStore(),
 *   idleTimeout: "12h",
 *   absoluteTimeout: "24h",
 *   protections: [lock],
 * });
 */
export function lockWhenIdle(options: LockOptions): LockProtection {
  requireKnownKeys("lockWhenIdle", options, ["after"]);
  return new Lock(durationMs("lockWhenIdle(after)", options.after));
}

class Lock implements LockProtection {
  readonly name = "lockWhenIdle";
  readonly #afterMs: number;
  #now: () => EpochMs = Date.now;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  protect({ policies, environment }: Engine): Hooks {
    if (policies.areForeign === true) {
      throw new OptionsError(
        "protections",
        "lockWhenIdle: sessions that are shared with another framework do not tell when somebody was here " +
          "last, and that framework would unlock them. Leave lockWhenIdle out.",
      );
    }
    if (this.#afterMs >= policies.signedIn.idleTimeoutMs) {
      throw new OptionsError(
        "lockWhenIdle(after)",
        "must be shorter than idleTimeout, which says how long a locked session is kept.",
      );
    }
    this.#now = environment.now;
    return {
      guard: (record, _engine, { now }) => {
        if (record.userId === undefined) return undefined;
        const idleMs = now - record.lastSeenAt;
        if (idleMs >= this.#afterMs) return Promise.resolve(LOCKED);
        return idleMs < this.#afterMs / NOTED_PER_TIME ? undefined : Promise.resolve(SEEN);
      },
    };
  }

  isLocked({ userId, lastSeenAt }: Pick<SessionInfo, "userId" | "lastSeenAt">): boolean {
    return userId !== undefined && this.#now() - lastSeenAt >= this.#afterMs;
  }
}

/**
 * Whose locked session this is: ask them for a factor, then {@link unlock}. `undefined` where it is not locked.
 *
 * @example
 * const userId = lockedUserId(session);
 * if (userId !== undefined) return res.redirect("/unlock");
 */
export function lockedUserId(session: object): string | undefined {
  return behind(session, "lockedUserId(session)").state.locked?.userId;
}

/**
 * Unlocks the session, once its user has proved a factor: the same data under a new token (OWASP ASVS 5.0,
 * 7.2.4). The factor's time moves; `authenticatedAt` and the absolute timeout stay, as one factor is no sign-in.
 *
 * A sign-in of the same user unlocks it as well, and both its clocks start again. A sign-out ends it.
 *
 * @returns Whether it was locked: a second click finds it open, or on its way under the new token.
 * @throws {@link OptionsError} for what names no factor, {@link AssuranceError} `impersonating` (403), and what
 * `session.regenerate` throws. The session stays locked then.
 * @example
 * await unlock(session, { factors: ["pin"] });
 */
export async function unlock(
  session: object,
  options: { readonly factors: readonly string[] },
): Promise<boolean> {
  const attempt = "unlock the session";
  requireKnownKeys("unlock", options, ["factors"]);
  const factors = factorNames("unlock(factors)", options.factors);
  const { engine, state } = behind(session, "unlock(session)");
  return inTurn(state, attempt, async (deadline) => {
    const { locked } = state;
    if (locked === undefined) return false;
    if (state.phase !== "open") throw new HeadersSentError(attempt);
    refuseImpersonator(locked, attempt);
    const proved = alsoProved(provedFactors("unlock(factors)", factors, deadline.now));
    await state.unlocking(() => state.regenerate(deadline, [proved]));
    const { id } = state;
    const event = { at: deadline.now, id, userId: locked.userId, factors };
    engine.events.emit("unlocked", event, state.request);
    return true;
  });
}
