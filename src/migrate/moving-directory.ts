import type { SessionFacts, SessionRecord } from "../core/record.ts";
import type { Directory, ScanPage, StoreCall, UserKey } from "../core/store.ts";
import { finish, type Route } from "./move-one.ts";
import { parcelsOf } from "./parcel.ts";

/** The directory over both stores of a move. */
export function movingDirectory(route: Route): Directory {
  const [from, to] = [route.from.directory, route.to.directory];
  return {
    async generation(user, call) {
      const both = [from.generation(user, call), to.generation(user, call)];
      return Math.max(...(await Promise.all(both)));
    },
    async raiseGeneration(user, call, keepUntil) {
      // In both, for processes that know only one of them; so the later of the two rises too.
      const both = [from, to].map((each) => each.raiseGeneration(user, call, keepUntil));
      return Math.max(...(await Promise.all(both)));
    },
    async list(user, call) {
      const old = await from.list(user, call);
      await finishParcels(route, user, call);
      const all = united(old, await to.list(user, call));
      return all.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
    },
    async endAll(user, end, call) {
      // What has been claimed before this is in a parcel or in `to`, and is found there.
      const old = await from.endAll(user, end, call);
      await finishParcels(route, user, call);
      return [...old, ...(await to.endAll(user, end, call))];
    },
    ...(from.forget && to.forget && { forget: (user, call) => forgotten(route, user, call) }),
    scan: (page, call) => scanned(route, page, call),
    async count(manager, call) {
      const both = [from.count(manager, call), to.count(manager, call)];
      const [old = 0, young = 0] = await Promise.all(both);
      return old + young;
    },
  };
}

/** In both, and what was packed and never carried. */
async function forgotten({ from, to }: Route, user: UserKey, call: StoreCall): Promise<number> {
  const parcels = { ...user, manager: parcelsOf(user.manager) };
  const counts = await Promise.all([
    from.directory.forget?.(user, call),
    to.directory.forget?.(user, call),
    to.directory.forget?.(parcels, call),
  ]);
  return counts.reduce<number>((sum, count = 0) => sum + count, 0);
}

/** One after the other: what is carried in between is seen twice rather than never. */
async function scanned(
  { from, to }: Route,
  page: ScanPage,
  call: StoreCall,
): Promise<readonly SessionRecord[]> {
  const old = await from.directory.scan(page, call);
  const all = united(old, await to.directory.scan(page, call));
  return all.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, page.limit);
}

/** Turns a user's claimed parcels into records, so that `to` knows of them all. */
async function finishParcels(
  route: Route,
  { manager, userId }: UserKey,
  call: StoreCall,
): Promise<void> {
  const parcels = { manager: parcelsOf(manager), userId };
  for (const { id } of await route.to.directory.list(parcels, call)) {
    const parcel = await route.to.load(id, call);
    if (parcel?.kind === "live") await finish(route, parcel, call);
  }
}

/** Each session once, as the second list has it: it was read later. */
function united<Facts extends SessionFacts>(
  old: readonly Facts[],
  young: readonly Facts[],
): Facts[] {
  const all = new Map([...old, ...young].map((record) => [record.id, record]));
  return [...all.values()];
}
