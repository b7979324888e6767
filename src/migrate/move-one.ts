import type { SessionRecord } from "../core/record.ts";
import type { Directory, SessionStore, StoreCall } from "../core/store.ts";
import type { SessionId } from "../core/token.ts";
import { claimOf, endOfParcel, isClaim, parcelIdOf, parcelOf, unpacked } from "./parcel.ts";

/** A store that can take part in a move: its sessions can be listed. */
export type MovableStore = SessionStore & { readonly directory: Directory };

/** The two stores of a move. */
export interface Route {
  readonly from: MovableStore;
  readonly to: MovableStore;
}

/**
 * What became of one session: `moved` counts in the new store from now on, `ended` ended or
 * expired before its turn, `busy` was changed over and over meanwhile and is still in the old one.
 */
export type MoveOutcome = "moved" | "ended" | "busy";

/** A session that is written to at each attempt is left for the next pass. */
const MAX_ATTEMPTS = 10;

/** Moves one session, or finishes a move that was begun. */
export async function moveOne(route: Route, id: SessionId, call: StoreCall): Promise<MoveOutcome> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const found = await route.from.load(id, call);
    if (found?.kind === "live") {
      const claimed = await claim(route, found, call);
      if (claimed === "again") continue;
      if (claimed === "ended") return "ended";
    } else if (!isClaim(found)) {
      return "ended";
    }
    await settle(route, id, call);
    return "moved";
  }
  return "busy";
}

/** Packs a record and claims it, unless it has been changed since it was read. */
async function claim(
  route: Route,
  record: SessionRecord,
  call: StoreCall,
): Promise<"claimed" | "ended" | "again"> {
  // Where something stands already, such as a claim of the way back, the record would have no place.
  if ((await route.to.load(record.id, call)) !== undefined) return "again";
  if (!(await isPacked(route, record, call))) return "again";
  const outcome = await route.from.end(claimOf(record, call.now), record.version, call);
  if (outcome.kind === "conflict") return "again";
  if (outcome.kind === "ended" || isClaim(outcome.tombstone)) return "claimed";
  await discard(route, record, call);
  return "ended";
}

/** Whether a parcel with this very version is in the new store. */
async function isPacked(
  { from, to }: Route,
  record: SessionRecord,
  call: StoreCall,
): Promise<boolean> {
  const parcel = parcelOf(record);
  if ((await to.create(parcel, call)) === "created") return true;
  const earlier = await to.load(parcel.id, call);
  if (earlier?.kind !== "live") return false;
  if (earlier.version === parcel.version && earlier.lastSeenAt >= parcel.lastSeenAt) return true;
  // The record is asked for after the parcel was seen, and still has another version: so nobody
  // has claimed that parcel, and nobody can any more.
  const newest = await from.load(record.id, call);
  if (newest?.kind !== "live" || newest.version !== record.version) return false;
  const outcome = await to.update(parcelOf(newest), earlier.version, call);
  return outcome.kind === "updated";
}

/**
 * Makes the record of a claimed session out of its parcel, unless that has been done. The record
 * comes first: a parcel that has ended has become one.
 */
export async function settle({ to }: Route, id: SessionId, call: StoreCall): Promise<void> {
  const parcel = await to.load(parcelIdOf(id), call);
  const record = parcel?.kind === "live" ? unpacked(parcel) : undefined;
  if (parcel === undefined || record === undefined) return;
  await to.create(record, call);
  await to.end(endOfParcel(parcel, call.now), undefined, call);
}

/** Lets a parcel go whose session ended before it was claimed. */
async function discard({ to }: Route, record: SessionRecord, call: StoreCall): Promise<void> {
  const { id, manager } = parcelOf(record);
  await to.end(endOfParcel({ id, manager }, call.now), undefined, call);
}

/** Finishes what a parcel is left over from. Resolves to whether its session had been claimed. */
export async function finish(
  route: Route,
  parcel: SessionRecord,
  call: StoreCall,
): Promise<boolean> {
  const id = unpacked(parcel)?.id;
  if (id === undefined) return false;
  const found = await route.from.load(id, call);
  // The record still counts; whoever moves it uses this parcel.
  if (found?.kind === "live") return false;
  if (!isClaim(found)) {
    await route.to.end(endOfParcel(parcel, call.now), undefined, call);
    return false;
  }
  await settle(route, id, call);
  return true;
}
