import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { factorsOf, type ProvedFactors, provedFactors } from "../../core/factors.ts";
import type { JsonObject } from "../../core/json.ts";
import { entryOf, PENDING, put } from "../../core/notes.ts";
import { checkUserId, requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import type { Behind } from "../../core/request/session-object.ts";
import type { Session, SignInOptions } from "../../core/session.ts";
import { changeNotes } from "./change.ts";
import { FlowError } from "./errors.ts";

/** How long a sign-in may stay half done, and how often its rest may fail. */
export interface PendingSignInOptions {
  /** @defaultValue `"5m"` */
  readonly expiresIn?: Duration | undefined;
  /** How many codes may be wrong before the sign-in has to begin anew. @defaultValue 5 */
  readonly tries?: number | undefined;
}

/** A sign-in that is half done. It is no session of anybody's: nothing in it is called `userId`. */
export interface HalfDone {
  /** Who it would be. */
  readonly candidateId: string;
  /** What was proved of them already, and when: epoch ms. */
  readonly factors: ReadonlyMap<string, number>;
  /** How often the rest may still fail. */
  readonly triesLeft: number;
  /** When it is over. Epoch ms. */
  readonly endsAt: number;
}

/** Sign-ins of several factors, one after the other. */
export interface PendingSignIn {
  /**
   * Notes that the first factors are proved, under a new token where the visitor has a session. Nobody is
   * signed in by it.
   *
   * @throws {@link OptionsError} for sessions in cookies, whose older copies forget wrong codes.
   */
  begin(
    session: object,
    userId: string,
    options: { readonly factors: readonly string[] },
  ): Promise<void>;
  /** The sign-in that is half done here; `undefined` where none is, or not any more. */
  at(session: object): HalfDone | undefined;
  /**
   * Notes that the rest has failed: a wrong code. Resolves to how often it still may; at 0 the sign-in
   * has to begin anew.
   *
   * @throws {@link FlowError} `none`.
   */
  failed(session: object): Promise<number>;
  /**
   * Signs in, once the rest of the factors is proved, and once only: with all of the factors, each with
   * its own time.
   *
   * @throws {@link FlowError} `none` where no sign-in is half done, and what `session.signIn` throws.
   */
  complete<D extends object>(
    session: Pick<Session<D>, "signIn">,
    options: SignInOptions<D> & { readonly factors: readonly string[] },
  ): Promise<void>;
}

/**
 * Sign-ins that take more than one factor, between the first and the last: what has been proved lies beside
 * the session's data, and `session.userId` stays `undefined`, so that no route takes the visitor for
 * signed in (GHSA-xg6x-h9c9-2m83).
 *
 * @throws {@link OptionsError} for options that are none.
 * @example
 * const signIns = pendingSignIn({ expiresIn: "5m" });
 * await signIns.begin(session, user.id, { factors: ["password"] });
 * await signIns.complete(session, { factors: ["totp"] });
 */
export function pendingSignIn(options: PendingSignInOptions = {}): PendingSignIn {
  requireKnownKeys("pendingSignIn", options, ["expiresIn", "tries"]);
  const { expiresIn = "5m", tries = 5 } = options;
  if (!Number.isSafeInteger(tries) || tries < 1) {
    throw new OptionsError("pendingSignIn(tries)", "must be a number of tries, such as 5.");
  }
  return new PendingSignIns(durationMs("pendingSignIn(expiresIn)", expiresIn), tries);
}

const NAME = "sign-in";

interface Noted {
  readonly user: string;
  readonly factors: Readonly<Record<string, EpochMs>>;
  readonly tries: number;
  readonly endsAt: EpochMs;
}

class PendingSignIns implements PendingSignIn {
  readonly #expiresInMs: number;
  readonly #tries: number;

  constructor(expiresInMs: number, tries: number) {
    this.#expiresInMs = expiresInMs;
    this.#tries = tries;
  }

  async begin(
    session: object,
    userId: string,
    options: { readonly factors: ProvedFactors },
  ): Promise<void> {
    checkUserId("begin(userId)", userId);
    requireKnownKeys("begin", options, ["factors"]);
    const { engine, state } = behind(session, "begin(session)");
    refuseCookies(state);
    const proved = provedFactors("begin(factors)", options.factors, engine.environment.now());
    const factors = Object.fromEntries(proved);
    await changeNotes(session, {
      call: "begin(session)",
      attempt: "begin a sign-in",
      isNewToken: true,
      change: (notes, now) =>
        put(notes, PENDING, {
          user: userId,
          factors,
          tries: this.#tries,
          endsAt: now + this.#expiresInMs,
        }),
    });
  }

  at(session: object): HalfDone | undefined {
    const { engine, state } = behind(session, "at(session)");
    const noted = liveIn(entryOf(state.record?.notes, PENDING), engine.environment.now());
    if (noted === undefined) return undefined;
    const { user, tries, endsAt } = noted;
    return { candidateId: user, factors: factorsOf(noted.factors), triesLeft: tries, endsAt };
  }

  failed(session: object): Promise<number> {
    return changeNotes(session, {
      call: "failed(session)",
      attempt: "count a wrong code",
      change: (notes, now) => {
        const noted = requiredIn(notes, now);
        const tries = noted.tries - 1;
        put(notes, PENDING, tries > 0 ? { ...noted, tries } : undefined);
        return tries;
      },
    });
  }

  async complete<D extends object>(
    session: Pick<Session<D>, "signIn">,
    options: SignInOptions<D> & { readonly factors: readonly string[] },
  ): Promise<void> {
    const { engine } = behind(session, "complete(session)");
    const now = engine.environment.now();
    const rest = provedFactors("complete(factors)", options.factors, now);
    const noted = await changeNotes(session, {
      call: "complete(session)",
      attempt: "complete the sign-in",
      change: (notes, at) => {
        const half = requiredIn(notes, at);
        put(notes, PENDING, undefined);
        return half;
      },
    });
    const factors = Object.fromEntries([...factorsOf(noted.factors), ...rest]);
    await session.signIn(noted.user, { ...options, factors });
  }
}

/** An old copy of a cookie would bring the tries back that were used up since, as often as anybody likes. */
function refuseCookies({ writesNeedHeaders }: Behind["state"]): void {
  if (!writesNeedHeaders) return;
  throw new OptionsError(
    "pendingSignIn",
    "sessions in cookies cannot count wrong codes, as an older copy of the cookie forgets them. Keep " +
      'sessions on the server: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}

function liveIn(entry: unknown, now: EpochMs): Noted | undefined {
  const noted: Partial<Noted> = Object(entry);
  const { user, tries, endsAt } = noted;
  const isWhole =
    typeof user === "string" && typeof tries === "number" && typeof endsAt === "number";
  return isWhole && now < endsAt ? (noted as Noted) : undefined;
}

function requiredIn(notes: JsonObject, now: EpochMs): Noted & JsonObject {
  const noted = liveIn(notes[PENDING], now);
  if (noted === undefined) throw new FlowError("none", NAME);
  return noted as Noted & JsonObject;
}
