import { setTimeout as pause } from "node:timers/promises";
import type { Directory, SessionStore } from "../../src/index.ts";

/** A store that offers what {@link planted} builds on. */
type Sound = SessionStore & Required<Pick<SessionStore, "touch">>;
type Stored = Awaited<ReturnType<SessionStore["load"]>>;
type Live = Parameters<SessionStore["create"]>[0];
type Id = Live["id"];

const REPLICA_LAG_MS = 150;
const LATE_END_MS = 250;

/** Slips of a store's author, each of which the checker must find. */
const BUGS = {
  "updates by a blind upsert": (sound: Sound): Partial<SessionStore> => ({
    update: async (record, _expected, call) => {
      await put(sound, record, call);
      return { kind: "updated" };
    },
  }),
  "updates without asking for the version": (sound) => ({
    update: async (record, _expected, call) => {
      for (;;) {
        const found = await sound.load(record.id, call);
        if (found?.kind !== "live") return { kind: "gone", tombstone: found };
        const outcome = await sound.update(record, found.version, call);
        if (outcome.kind !== "conflict") return outcome;
      }
    },
  }),
  "checks the version and writes in two steps": (sound) => ({
    update: async (record, expected, call) => {
      const found = await sound.load(record.id, call);
      if (found?.kind !== "live") return { kind: "gone", tombstone: found };
      if (found.version !== expected) return { kind: "conflict", current: found };
      await pause(1);
      await put(sound, record, call);
      return { kind: "updated" };
    },
  }),
  "recreates what has ended when it is touched": (sound) => {
    const known = new Map<Id, Live>();
    return {
      load: async (id, call) => {
        const found = await sound.load(id, call);
        if (found?.kind === "live") known.set(id, found);
        return found;
      },
      touch: async (id, seen, call) => {
        const record = known.get(id);
        if (await sound.touch(id, seen, call)) return true;
        if (record !== undefined) await put(sound, { ...record, ...seen }, call);
        return true;
      },
    };
  },
  "acknowledges an end before it is done": (sound) => ({
    end: async (tombstone, expected, call) => {
      const late = { now: call.now, signal: new AbortController().signal };
      const end = (): unknown => sound.end(tombstone, expected, late).catch(() => undefined);
      setTimeout(end, LATE_END_MS);
      return { kind: "ended" };
    },
  }),
  "misses a session when all of a user's are to end": (sound) => {
    const { directory } = sound;
    if (directory === undefined) throw new Error("This bug needs a store with a directory.");
    return {
      directory: {
        ...methodsOf(directory),
        endAll: async (user, end, call) => {
          const [newest] = await directory.list(user, call);
          // The loop that core runs has an end: one session is never found.
          return directory.endAll(user, { ...end, except: end.except ?? newest?.id }, call);
        },
      },
    };
  },
  "reads from a replica that lags": (sound) => {
    const replica = new Map<Id, { readonly stored: Stored; readonly at: number }>();
    return {
      load: async (id, call) => {
        const copy = replica.get(id);
        const at = performance.now();
        if (copy !== undefined && at - copy.at < REPLICA_LAG_MS) return copy.stored;
        const stored = await sound.load(id, call);
        replica.set(id, { stored, at });
        return stored;
      },
    };
  },
} satisfies Record<string, (sound: Sound) => Partial<SessionStore>>;

export type StoreBugName = keyof typeof BUGS;
export const STORE_BUG_NAMES: readonly StoreBugName[] = Object.keys(BUGS) as StoreBugName[];

/** The store with a bug in it. */
export function planted(store: SessionStore, bug: StoreBugName): SessionStore {
  const { touch, directory, profile } = store;
  if (touch === undefined) throw new Error("The planted bugs need a store with touch.");
  const sound: Sound = {
    profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (tombstone, expected, call) => store.end(tombstone, expected, call),
    touch: (id, seen, call) => touch.call(store, id, seen, call),
    ...(directory === undefined ? {} : { directory }),
  };
  return { ...sound, ...BUGS[bug](sound) };
}

/** A directory's own methods: it may be an object of a class. */
function methodsOf(directory: Directory): Directory {
  return {
    generation: (user, call) => directory.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => directory.raiseGeneration(user, call, keepUntil),
    list: (user, call) => directory.list(user, call),
    endAll: (user, end, call) => directory.endAll(user, end, call),
    scan: (page, call) => directory.scan(page, call),
    count: (manager, call) => directory.count(manager, call),
  };
}

/** Puts a record under its id with no question asked. */
async function put(
  sound: Sound,
  record: Live,
  call: Parameters<SessionStore["load"]>[1],
): Promise<void> {
  for (;;) {
    const found = await sound.load(record.id, call);
    if (found?.kind === "live") {
      const outcome = await sound.update(record, found.version, call);
      if (outcome.kind === "updated") return;
    } else {
      // At the end of time even a tombstone has expired.
      const end = { ...call, now: Number.MAX_SAFE_INTEGER };
      if ((await sound.create(record, end)) === "created") return;
    }
  }
}
