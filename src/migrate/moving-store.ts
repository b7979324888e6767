import type { SessionRecord, StoredSession, Tombstone } from "../core/record.ts";
import type {
  EndOutcome,
  Expiry,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  Touch,
  UpdateOutcome,
} from "../core/store.ts";
import type { CommitId, SessionId } from "../core/token.ts";
import { type Route, settle } from "./move-one.ts";
import { movingDirectory } from "./moving-directory.ts";
import { isClaim } from "./parcel.ts";

/** Where new sessions are created. */
export type Destination = "from" | "to";

/**
 * Two stores as one, while sessions move from the first to the second. A live record in `from`
 * counts; where a claim stands there, or nothing, `to` is asked.
 */
export class MovingStore implements SessionStore {
  readonly directory: ReturnType<typeof movingDirectory>;
  readonly touch?: Touch;
  readonly expiry?: Expiry;
  readonly #route: Route;
  readonly #newSessions: Destination;

  constructor(route: Route, newSessions: Destination) {
    this.#route = route;
    this.#newSessions = newSessions;
    this.directory = movingDirectory(route);
    const touch = this.#touch(route);
    if (touch !== undefined) this.touch = touch;
    const expiry = expiryOf(route);
    if (expiry !== undefined) this.expiry = expiry;
  }

  get profile(): StoreProfile {
    return profileOf(this.#route);
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const { from, to } = this.#route;
    const old = await from.load(id, call);
    if (old === undefined) return to.load(id, call);
    return isClaim(old) ? this.#moved(id, call) : old;
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const { from, to } = this.#route;
    const [target, other] = this.#newSessions === "to" ? [to, from] : [from, to];
    if ((await other.load(record.id, call)) !== undefined) return "taken";
    return target.create(record, call);
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const { from, to } = this.#route;
    const old = await from.update(record, expected, call);
    if (old.kind !== "gone" || !leadsOn(old.tombstone)) return old;
    const outcome = await to.update(record, expected, call);
    const isThere = outcome.kind !== "gone" || outcome.tombstone !== undefined;
    if (isThere || old.tombstone === undefined) return outcome;
    await settle(this.#route, record.id, call);
    return to.update(record, expected, call);
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const { from, to } = this.#route;
    const old = await from.end(tombstone, expected, call);
    if (old.kind !== "gone" || !leadsOn(old.tombstone)) return old;
    // No parcel may outlive its session, or the session would come back out of it.
    if (old.tombstone !== undefined) await settle(this.#route, tombstone.id, call);
    return to.end(tombstone, expected, call);
  }

  async close(): Promise<void> {
    const { from, to } = this.#route;
    await Promise.all([from.close?.(), to.close?.()]);
  }

  /** What became of a claimed session. */
  async #moved(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const { to } = this.#route;
    const stored = await to.load(id, call);
    if (stored !== undefined) return stored;
    await settle(this.#route, id, call);
    return to.load(id, call);
  }

  #touch({ from, to }: Route): Touch | undefined {
    if (from.touch === undefined || to.touch === undefined) return undefined;
    return async (id: SessionId, seen: Seen, call: StoreCall) => {
      if ((await from.touch?.(id, seen, call)) || (await to.touch?.(id, seen, call))) return true;
      // Between the two it may have moved; `load` finishes that, and tells.
      if ((await this.load(id, call))?.kind !== "live") return false;
      return (await to.touch?.(id, seen, call)) ?? false;
    };
  }
}

/** Whether `to` must be asked where `from` has no live record. */
function leadsOn(tombstone: Tombstone | undefined): boolean {
  return tombstone === undefined || isClaim(tombstone);
}

function expiryOf({ from, to }: Route): Expiry | undefined {
  const both = [from.expiry, to.expiry].filter((expiry) => expiry !== undefined);
  if (both.length === 0) return undefined;
  return {
    intervalMs: Math.min(...both.map(({ intervalMs }) => intervalMs)),
    async deleteExpired(call) {
      const counts = await Promise.all(both.map((expiry) => expiry.deleteExpired(call)));
      return counts.reduce((one, other) => one + other);
    },
  };
}

/** As weak as the weaker of the two. */
function profileOf({ from, to }: Route): StoreProfile {
  const [one, other] = [from.profile, to.profile];
  const weaker = <Word>(order: readonly Word[], first: Word, second: Word): Word =>
    order.indexOf(first) < order.indexOf(second) ? first : second;
  return {
    scope: weaker(["process", "host", "network"], one.scope, other.scope),
    durability: weaker(
      ["process", "crash", "power-loss", "replicated"],
      one.durability,
      other.durability,
    ),
    readYourWrites: weaker(["bounded", "always"], one.readYourWrites, other.readYourWrites),
    eviction: weaker(["any", "anonymous-first", "never"], one.eviction, other.eviction),
    caveats: [
      ...new Set([...one.caveats, ...other.caveats]),
      "While sessions move, count and scan may leave out those that are being carried.",
    ],
  };
}
