import { absoluteEndOf, expiredBy, GRACE_MS } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import type { Engine, Hooks, Meeting, Protection, Retired, TokenRules } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { takesSecrets } from "../../core/keychain.ts";
import { endFollowing } from "../../core/lifecycle/endings.ts";
import type { NoteEdit } from "../../core/notes.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { EpochMs, SessionRecord, Tombstone } from "../../core/record.ts";
import { RecentMap } from "../../sealing/recent-map.ts";
import {
  givenUpIn,
  issuedAt,
  isUnused,
  ofGivenUp,
  ofUnusedToken,
  ofUsedToken,
} from "./token-history.ts";

/** How often a token is given up, and what a token that was given up leads to. */
export interface DetectReuseOptions {
  /**
   * A session that somebody is signed in to is given a new token when its own is this old, from `"1m"`:
   * the sooner, the sooner a thief is noticed.
   *
   * @defaultValue never: tokens change when somebody signs in, and by `session.regenerate()`
   */
  readonly regenerateEvery?: Duration | undefined;
  /**
   * How long requests that were sent with the old token before the new one arrived go on with the
   * session, up to `"30s"`. It holds for tokens that were given up by `regenerateEvery`, never for a
   * sign-in.
   *
   * @defaultValue "30s"
   */
  readonly grace?: Duration | undefined;
  /**
   * `"endFamily"` ends the session and all that it may have become; `"tell"` tells of it and ends nothing,
   * to see how often it happens before you end anything: once for each old token in each process.
   *
   * @defaultValue "endFamily"
   */
  readonly onReuse?: "endFamily" | "tell" | undefined;
}

/**
 * Notices that two have tokens of one session: a token that was given up for a newer one comes again,
 * though somebody has used the newer one. One of them has stolen it, and nobody can tell which, so the
 * session ends for both. The event `tokenReused` tells of it, once.
 *
 * Who never got the newer token, as the answer with it was lost, goes on. What stands where a token was
 * given up is kept for as long as the session may live, not for minutes.
 *
 * @throws {@link OptionsError} if an option is wrong, and from `createSessions` with `cookieStore` and
 * shared sessions, where nobody knows of a token whether it was used.
 * @example
 * import { createSessions } from "sojourn";
 * import { detectReuse } from "sojourn/theft";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [detectReuse({ regenerateEvery: "15m" })],
 * });
 * sessions.on("tokenReused", ({ id, userId }) => console.warn("stolen?", id, userId));
 */
export function detectReuse(options: DetectReuseOptions = {}): Protection {
  const settings = checked(options);
  return {
    name: "detectReuse",
    protect(engine): Hooks {
      if (!engine.isHome) throw unknowable();
      if (takesSecrets(engine.home.keeper.store)) throw unopenable();
      return { tokens: new Reuse(settings) };
    },
  };
}

interface Settings {
  readonly everyMs: number;
  readonly graceMs: number;
  readonly onReuse: "endFamily" | "tell";
}

/** A request may have been on its way with a token that was given up meanwhile, by whatever. */
const LATE_MS = 30_000;
/** A session that is given more tokens than that while a copy of an old one lies about is no session. */
const MAX_STEPS = 512;

/** So many tokens are remembered that were told of, where that ends nothing. */
const MAX_TOLD = 1_000;

const OVER: Retired = { kind: "over" };
const REUSED: Retired = { kind: "reused" };

/** What has become of a session since one of its tokens was given up. */
interface Course {
  readonly live: SessionRecord;
  /** Whether somebody has brought a newer token. */
  readonly isUsed: boolean;
  /** Since when requests may be under way with the old token, which was given up by itself. */
  readonly graceFrom: EpochMs;
  /** Whether somebody has signed in since: who brings the old token has no part in that. */
  readonly isRaised: boolean;
}

class Reuse implements TokenRules {
  readonly #settings: Settings;
  readonly #told = new RecentMap<true>(MAX_TOLD);

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  succeeding(now: EpochMs): NoteEdit {
    return ofUnusedToken(now);
  }

  retiring(...[before, successor, why]: Parameters<TokenRules["retiring"]>): {
    readonly edit: NoteEdit;
    readonly keepUntil: EpochMs;
  } {
    const keepUntil = absoluteEndOf(successor) + GRACE_MS;
    return { edit: ofGivenUp(why, isUnused(before)), keepUntil };
  }

  arrived(record: SessionRecord): NoteEdit | undefined {
    return isUnused(record) ? ofUsedToken : undefined;
  }

  isDue(record: SessionRecord, now: EpochMs): boolean {
    return record.userId !== undefined && now - issuedAt(record) >= this.#settings.everyMs;
  }

  async retired(stone: Tombstone, meeting: Meeting): Promise<Retired> {
    const { engine, deadline, arrivedAt, mayAct } = meeting;
    const course = await courseOf(stone, engine, deadline);
    if (course === undefined) return OVER;
    const { live: record } = course;
    const { graceMs } = this.#settings;
    const isUnderWay = !course.isRaised && arrivedAt - course.graceFrom < graceMs;
    if (isUnderWay) return { kind: "parallel", record };
    if (arrivedAt - stone.endedAt < LATE_MS || !mayAct) return OVER;
    if (course.isUsed) return this.#reused(stone, record, meeting);
    return course.isRaised ? OVER : { kind: "lost", record };
  }

  async #reused(
    { id: previousId }: Tombstone,
    live: SessionRecord,
    { engine, request, deadline }: Meeting,
  ): Promise<Retired> {
    const { onReuse } = this.#settings;
    const { userId } = live;
    const at = deadline.now;
    if (onReuse === "tell") {
      if (this.#told.get(previousId) !== undefined) return OVER;
      this.#told.set(previousId, true);
      engine.events.emit("tokenReused", { at, id: live.id, userId, previousId }, request);
      return OVER;
    }
    const ended = await endFamily(live, engine, deadline);
    if (ended !== undefined) {
      engine.events.emit("revoked", { at, id: ended, userId }, request);
      engine.events.emit("tokenReused", { at, id: ended, userId, previousId }, request);
    }
    return REUSED;
  }
}

/** Resolves to what was ended; of several who do so at the same moment one does. */
async function endFamily(
  live: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<string | undefined> {
  // Followed: whoever has the newest token may be given another one at this moment.
  const ending = { reason: "revoked", owner: undefined } as const;
  const ended = await endFollowing(engine, live.id, ending, deadline);
  return ended?.record === undefined ? undefined : ended.id;
}

/** Follows a session from token to token; `undefined` where it has ended. */
async function courseOf(
  stone: Tombstone,
  engine: Engine,
  deadline: Deadline,
): Promise<Course | undefined> {
  const { why } = givenUpIn(stone);
  const graceFrom = why === "renewal" ? stone.endedAt : NEVER;
  let way: Way = { isUsed: false, isRaised: why === "signIn", graceFrom };
  let next = stone.next;
  for (let steps = 0; steps < MAX_STEPS && next !== undefined; steps += 1) {
    const stored = await engine.keeper.load(next, deadline);
    if (stored?.manager !== engine.name) return undefined;
    if (stored.kind === "live") {
      if (expiredBy(stored, deadline.now) !== undefined) return undefined;
      return { ...way, live: stored, isUsed: way.isUsed || !isUnused(stored) };
    }
    way = past(stored, way);
    next = stored.next;
  }
  return undefined;
}

type Way = Omit<Course, "live">;

/** What is known past one more tombstone. */
function past(stone: Tombstone, way: Way): Way {
  const { why, wasUnused } = givenUpIn(stone);
  const isUsed = way.isUsed || !wasUnused;
  const isRaised = way.isRaised || why === "signIn";
  if (why !== "renewal") return { isUsed, isRaised, graceFrom: NEVER };
  // What nobody had used was given up for who brought this very token, and may bring it once more.
  return { isUsed, isRaised, graceFrom: isUsed ? way.graceFrom : stone.endedAt };
}

const NEVER = Number.NEGATIVE_INFINITY;
const LEAST_MS = 60_000;

function checked(options: DetectReuseOptions): Settings {
  requireKnownKeys("detectReuse", options, ["regenerateEvery", "grace", "onReuse"]);
  const { regenerateEvery, grace = "30s" } = options;
  const everyMs =
    regenerateEvery === undefined
      ? Number.POSITIVE_INFINITY
      : durationMs("detectReuse.regenerateEvery", regenerateEvery);
  if (everyMs < LEAST_MS) {
    throw new OptionsError(
      "detectReuse.regenerateEvery",
      'must be "1m" at least: each new token is a record more until the session ends.',
    );
  }
  const graceMs = durationMs("detectReuse.grace", grace);
  if (graceMs > LATE_MS) throw new OptionsError("detectReuse.grace", 'must not exceed "30s".');
  const onReuse = oneOf("detectReuse.onReuse", options.onReuse, ["endFamily", "tell"]);
  return { everyMs, graceMs, onReuse: onReuse ?? "endFamily" };
}

function unknowable(): OptionsError {
  return new OptionsError(
    "protections",
    "detectReuse: of sessions in cookies, and of those of another framework, nobody knows which token " +
      'was used. Keep them in a store of ours, such as sqliteStore("sessions.db"), or leave it out.',
  );
}

function unopenable(): OptionsError {
  return new OptionsError(
    "protections",
    "detectReuse: this store opens a session by its own token alone (bindTo), so an old token can lead " +
      "nowhere. Leave one of the two out.",
  );
}
