import type { Deadline, Terms } from "../../core/deadline.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import type { Engine, Guard, Hooks, Protection, SigningIn, Verdict } from "../../core/engine.ts";
import { HeadersSentError, OptionsError, StoreError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { NoteEdit } from "../../core/notes.ts";
import { checkUserId, requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { behind } from "../../core/request/behind.ts";
import { inTurn } from "../../core/request/in-turn.ts";
import { RecentMap } from "../../sealing/recent-map.ts";
import { AssuranceError } from "./errors.ts";
import {
  asNoted,
  credentialIn,
  type Digest,
  digestOf,
  hasFingerprint,
  isCredentialOf,
  ofCredential,
} from "./fingerprint.ts";
import { impersonationIn } from "./impersonator.ts";

/** What a user's sessions depend on. */
export interface CredentialsOptions {
  /**
   * What changes whenever the user's credentials do: the password's hash as your table has it, with the
   * ids of passkeys if they count. `undefined` where there is no such user, or they may not sign in: then
   * their sessions end, and nobody begins one. What it throws, `open` throws: nobody is signed out by it.
   * It may take as long as the store may (`storeTimeout`).
   */
  readonly of: (userId: string) => Promise<string | undefined> | string | undefined;
  /**
   * How long an answer counts in this process: so much later than the change another session may end.
   *
   * @defaultValue it is asked whenever a signed-in session is opened
   */
  readonly every?: Duration | undefined;
}

/** What {@link credentials} returns: a protection, and what to call where credentials change. */
export interface CredentialsProtection extends Protection {
  /**
   * Lets this session go on after its own user has changed their credentials: under a new token
   * (OWASP ASVS 5.0, 7.4.3). Call it once the change is stored.
   *
   * @throws {@link AssuranceError} `signedOut` (401), or `noCredentials` (403) where `of` has none.
   * @example
   * await passwords.keepSignedIn(session);
   */
  keepSignedIn(session: object): Promise<void>;
  /**
   * Says which credentials were just verified, for the `signIn` that follows: where they change between
   * the two, that session ends at its next `open`. Without it what `of` says at the sign-in counts.
   *
   * @example
   * passwords.verified(session, user.id, user.passwordHash);
   */
  verified(session: object, userId: string, credential: string): void;
}

/**
 * Ends a user's sessions when their credentials change, each at its next `open`, without a list and in every
 * store: a fingerprint is noted at sign-in and compared from then on (as Django's session auth hash; OWASP
 * ASVS 5.0, 7.4.2 and 7.4.3). Sessions from before note it when they are opened first.
 *
 * The application is asked at each `open` of a signed-in session, unless `every` is given.
 *
 * @throws {@link OptionsError} for options that are none.
 * @example
 * const passwords = credentials({ of: (id) => users.passwordHash(id) });
 * const sessions = createSessions({ store: memoryStore(), protections: [passwords] });
 */
export function credentials(options: CredentialsOptions): CredentialsProtection {
  requireKnownKeys("credentials", options, ["of", "every"]);
  if (typeof options.of !== "function") {
    throw new OptionsError("credentials(of)", "must be a function that takes a user's id.");
  }
  const { every } = options;
  return new Credentials(options.of, every && durationMs("credentials(every)", every));
}

/** So many users' answers are remembered at least. */
const REMEMBERED_USERS = 10_000;
const CONSENT: Verdict = { kind: "accepted", edits: [] };
const ENDED: Verdict = { kind: "ended", reason: "revoked" };

/** The application's own error is thrown as it is. */
const ANSWER: Terms = {
  operation: "load",
  outcome: "failed",
  asError: (cause) =>
    cause instanceof StoreError
      ? new StoreError("load", "failed", "credentials(of) gave no answer", { cause })
      : cause,
};

interface Answer {
  readonly at: EpochMs;
  readonly digest: Digest | undefined;
}

interface Verified {
  readonly userId: string;
  readonly digest: Digest;
}

class Credentials implements CredentialsProtection {
  readonly name = "credentials";
  readonly #of: CredentialsOptions["of"];
  readonly #everyMs: number | undefined;
  readonly #answers = new RecentMap<Answer>(REMEMBERED_USERS);
  readonly #verified = new WeakMap<RequestHead, Verified>();

  constructor(of: CredentialsOptions["of"], everyMs: number | undefined) {
    this.#of = of;
    this.#everyMs = everyMs;
  }

  protect(engine: Engine): Hooks {
    const guard: Guard = (record, engine, deadline) =>
      record.userId === undefined
        ? undefined
        : this.#judge(record, record.userId, engine, deadline);
    return {
      guard,
      stands: (record, deadline) => this.#stands(engine, record, deadline),
      signingIn: (signing) => this.#noteAtSignIn(signing),
    };
  }

  verified(session: object, userId: string, credential: string): void {
    checkUserId("verified(userId)", userId);
    const { state } = behind(session, "verified(session)");
    this.#verified.set(state.request, { userId, digest: digestChecked(credential) });
  }

  async keepSignedIn(session: object): Promise<void> {
    const attempt = "keep the session signed in";
    const { engine, state } = behind(session, "keepSignedIn(session)");
    await inTurn(state, attempt, async (deadline) => {
      const userId = state.record?.userId;
      if (userId === undefined) throw new AssuranceError("signedOut", attempt);
      if (state.phase !== "open") throw new HeadersSentError(attempt);
      const digest = await this.#ask(userId, deadline);
      if (digest === undefined) throw new AssuranceError("noCredentials", attempt);
      await state.regenerate(deadline, [edit(engine, userId, digest)]);
    });
  }

  /** A remembered answer may only let somebody in, never end a session: it may be older than that. */
  async #judge(
    record: SessionRecord,
    userId: string,
    engine: Engine,
    deadline: Deadline,
  ): Promise<Verdict> {
    const subject = { manager: engine.name, userId };
    const known = this.#remembered(userId, deadline.now);
    if (known !== undefined && isCredentialOf(record, subject, known)) return CONSENT;
    const digest = await this.#ask(userId, deadline);
    if (digest === undefined) return ENDED;
    if (!hasFingerprint(record)) {
      return { kind: "accepted", edits: [edit(engine, userId, digest)] };
    }
    return isCredentialOf(record, subject, digest) ? CONSENT : ENDED;
  }

  async #stands(engine: Engine, record: SessionRecord, deadline: Deadline): Promise<boolean> {
    const { userId } = record;
    return (
      userId === undefined ||
      (await this.#judge(record, userId, engine, deadline)).kind === "accepted"
    );
  }

  /** What is handed on was proved with the credentials of then. */
  async #noteAtSignIn(signing: SigningIn): Promise<NoteEdit[]> {
    const { userId, request, engine, handing, deadline } = signing;
    const handed = handing && handedCredential(handing, userId);
    if (handed !== undefined) return [asNoted(handed)];
    const verified = this.#verified.get(request);
    this.#verified.delete(request);
    const isTheirs = verified !== undefined && verified.userId === userId;
    const digest = isTheirs ? verified.digest : await this.#ask(userId, deadline);
    if (digest === undefined) throw new AssuranceError("noCredentials", "sign in");
    return [edit(engine, userId, digest)];
  }

  #remembered(userId: string, now: EpochMs): Digest | undefined {
    if (this.#everyMs === undefined) return undefined;
    const answer = this.#answers.get(userId);
    return answer !== undefined && now - answer.at < this.#everyMs ? answer.digest : undefined;
  }

  async #ask(userId: string, deadline: Deadline): Promise<Digest | undefined> {
    const { now } = deadline;
    const credential = await deadline.guard(async () => this.#of(userId), ANSWER);
    const digest = credential === undefined ? undefined : digestChecked(credential);
    if (this.#everyMs !== undefined) this.#answers.set(userId, { at: now, digest });
    return digest;
  }
}

/** Of the session that hands on, or of that which an operator comes back to. */
function handedCredential(handing: SessionRecord, userId: string): string | undefined {
  if (handing.userId === userId) return credentialIn(handing);
  const acting = impersonationIn(handing);
  return acting?.by === userId ? acting.credential : undefined;
}

function digestChecked(credential: unknown): Digest {
  if (typeof credential === "string" && credential !== "") return digestOf(credential);
  throw new OptionsError(
    "credentials(of)",
    "must resolve to a text that changes with the user's credentials, or to undefined.",
  );
}

function edit({ name, environment }: Engine, userId: string, digest: Digest): NoteEdit {
  return ofCredential({ manager: name, userId }, digest, environment.random);
}
