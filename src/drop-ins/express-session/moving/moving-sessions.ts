import { type Identity, identityOf } from "../../../core/passage.ts";
import {
  type SessionRecord,
  type StoredSession,
  TOMBSTONE_MS,
  type Tombstone,
} from "../../../core/record.ts";
import { isSide } from "../../../core/side-record.ts";
import type {
  Announcements,
  Directory,
  EndAll,
  EndOutcome,
  Expiry,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  Touch,
  UpdateOutcome,
  UserKey,
} from "../../../core/store.ts";
import type { CommitId, SessionId, SessionToken } from "../../../core/token.ts";
import type { Cookie } from "../cookie.ts";
import { BothStores, type MovingParts } from "./both-stores.ts";
import type { KnowsTokens } from "./knows-tokens.ts";
import { type MoveAllOptions, type Moved, moveAll } from "./move-all.ts";
import { movingNoteIn, withMovingNote } from "./notes.ts";

/**
 * Sessions in two stores at once: ours, which decides, and one made for express-session, in which each
 * is kept as it stands here, for processes that know that one alone.
 *
 * A session is taken over when it is first asked for. From then on each write goes to ours by
 * compare-and-set, and then over there, under a stamp. What a process over there has done since shows
 * against that stamp, and is done here too, key by key.
 */
export class MovingSessions implements SessionStore, KnowsTokens {
  readonly touch?: Touch;
  readonly directory?: Directory;
  readonly expiry?: Expiry;
  readonly announcements?: Announcements;
  readonly #parts: MovingParts;
  #manager = "";

  constructor(parts: MovingParts) {
    const { touch, directory, expiry, announcements } = parts.ours;
    this.#parts = parts;
    if (touch !== undefined) this.touch = (id, seen, call) => this.#touch(touch, id, seen, call);
    if (directory !== undefined) this.directory = this.#directory(directory);
    if (expiry !== undefined) this.expiry = expiry;
    if (announcements !== undefined) this.announcements = announcements;
  }

  get profile(): StoreProfile {
    const { profile } = this.#parts.ours;
    return { ...profile, caveats: [...profile.caveats, ...CAVEATS] };
  }

  know({ id, token }: Identity, manager: string, cookie: Cookie): void {
    this.#manager = manager;
    this.#parts.surroundings.usualCookie = cookie;
    this.#parts.sids.know(id, token);
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const { ours, theirs, sids } = this.#parts;
    const sid = sids.of(id);
    // Nobody's request: somebody looks after other people's sessions.
    if (sid === undefined) return ours.load(id, call);
    const [stored, kept] = await Promise.all([ours.load(id, call), theirs.get(sid)]);
    const both = new BothStores(this.#parts, sid, call);
    if (stored === undefined) return kept && both.takeOver(id, this.#manager, kept);
    if (stored.kind === "live") return both.seen(stored, kept);
    if (kept !== undefined) await theirs.destroy(sid);
    // It is remembered for longer than late requests take to come: those after that begin anew.
    return stored.endedAt + TOMBSTONE_MS > call.now ? stored : undefined;
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const { ours, theirs, sids } = this.#parts;
    const sid = sids.of(record.id);
    if (sid === undefined) return ours.create(record, call);
    const noted = withMovingNote(record, { sid: sids.seal(record.id, sid) });
    // First over there: what is here and not there has been ended there.
    await theirs.set(sid, new BothStores(this.#parts, sid, call).keptOf(noted));
    return ours.create(noted, call);
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const outcome = await this.#parts.ours.update(record, expected, call);
    const sid = this.#sidOf(record);
    if (outcome.kind !== "updated" || sid === undefined) return outcome;
    const stored = await new BothStores(this.#parts, sid, call).bringUp(record, "always");
    if (stored?.kind === "live") return outcome;
    return { kind: "gone", tombstone: stored };
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const { ours, theirs, sids } = this.#parts;
    if (isSide(tombstone)) return ours.end(tombstone, expected, call);
    const sid = sids.of(tombstone.id) ?? (await this.#sidIn(tombstone.id, call));
    const outcome = await ours.end(this.#remembered(tombstone), expected, call);
    if (outcome.kind !== "conflict" && sid !== undefined) await theirs.destroy(sid);
    return outcome;
  }

  async close(): Promise<void> {
    await this.#parts.ours.close?.();
  }

  /**
   * Takes over every session that nobody has come with yet, where their store can list them. What was
   * taken over before stays as it is; run it again after a crash.
   *
   * @param name - The name of the cookie, as `session()` has it.
   * @param options - How long their store may take.
   * @returns How many there are, and how many of them are ours now; `undefined` where the store cannot
   * list them: they move as visitors come.
   * @throws {@link StoreError} if their store does not say in time which there are.
   * @throws AggregateError once all others have moved, with what each of the rest has failed with; or
   * when three in a row were not answered for in time.
   * @throws {@link OptionsError} for an option that is wrong.
   */
  moveAll(name = "connect.sid", options: MoveAllOptions = {}): Promise<Moved | undefined> {
    const ids = () => this.#parts.theirs.ids();
    return moveAll({ ids, move: (token, signal) => this.#move(token, name, signal) }, options);
  }

  async #move(token: SessionToken, name: string, signal: AbortSignal): Promise<boolean> {
    const identity = identityOf(token, name);
    this.know(identity, name, this.#parts.surroundings.usualCookie);
    const call = { signal, now: Date.now() };
    return (await this.load(identity.id, call))?.kind === "live";
  }

  async #touch(touch: Touch, id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    if (!(await touch.call(this.#parts.ours, id, seen, call))) return false;
    const stored = await this.#parts.ours.load(id, call);
    if (stored?.kind !== "live") return false;
    const sid = this.#sidOf(stored);
    if (sid === undefined) return true;
    const both = new BothStores(this.#parts, sid, call);
    if (await this.#parts.theirs.touch(sid, both.keptOf(stored))) return true;
    return (await both.bringUp(stored, "always"))?.kind === "live";
  }

  #directory(directory: Directory): Directory {
    const { forget } = directory;
    return {
      generation: (user, call) => directory.generation(user, call),
      raiseGeneration: (user, call, until) => directory.raiseGeneration(user, call, until),
      list: (user, call) => directory.list(user, call),
      scan: (page, call) => directory.scan(page, call),
      count: (manager, call) => directory.count(manager, call),
      endAll: (user, end, call) => this.#endAll(directory, user, end, call),
      ...(forget === undefined
        ? {}
        : { forget: (user: UserKey, call: StoreCall) => forget.call(directory, user, call) }),
    };
  }

  async #endAll(
    directory: Directory,
    user: UserKey,
    end: EndAll,
    call: StoreCall,
  ): Promise<readonly SessionId[]> {
    const found = await directory.list(user, call);
    const sids = new Map(found.map((facts) => [facts.id, this.#sidOf(facts)]));
    const ended = await directory.endAll(user, this.#remembered(end), call);
    for (const id of ended) {
      const sid = sids.get(id) ?? this.#parts.sids.of(id);
      if (sid !== undefined) await this.#parts.theirs.destroy(sid);
    }
    return ended;
  }

  /** A late writer over there must not bring back what has ended. */
  #remembered<End extends Pick<Tombstone, "endedAt" | "expiresAt">>(end: End): End {
    const expiresAt = Math.max(end.expiresAt, end.endedAt + this.#parts.lifetimeMs);
    return { ...end, expiresAt };
  }

  #sidOf(record: Pick<SessionRecord, "id" | "notes">): string | undefined {
    const { sids } = this.#parts;
    const known = sids.of(record.id);
    if (known !== undefined) return known;
    const note = movingNoteIn(record);
    return note === undefined ? undefined : sids.open(record.id, note.sid);
  }

  async #sidIn(id: SessionId, call: StoreCall): Promise<string | undefined> {
    const stored = await this.#parts.ours.load(id, call);
    return stored?.kind === "live" ? this.#sidOf(stored) : undefined;
  }
}

const CAVEATS = [
  "A store made for express-session has no compare-and-set: what a process of theirs writes in the " +
    "same moment as one of ours may be lost, as between two of theirs.",
];
