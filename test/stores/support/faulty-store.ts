import { setImmediate as nextTurn } from "node:timers/promises";
import type { SessionRecord } from "../../../src/core/record.ts";
import type { Directory, EndListener, SessionStore } from "../../../src/core/store.ts";
import type { SessionId } from "../../../src/core/token.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";

type Complete = Required<SessionStore>;

/** One slip that a store's author may make, in a store that is right but for that. */
interface Slip {
  /** Sentences of the suite that must fail. */
  readonly caughtBy: readonly string[];
  readonly make: (sound: Complete) => Partial<Complete>;
}

const signal = new AbortController().signal;

/** Puts a record under its id with no question asked. */
async function put(sound: Complete, record: SessionRecord): Promise<void> {
  const found = await sound.load(record.id, { signal, now: 0 });
  if (found?.kind === "live") await sound.update(record, found.version, { signal, now: 0 });
  // At the end of time even a tombstone has expired.
  else await sound.create(record, { signal, now: Number.MAX_SAFE_INTEGER });
}

async function subscribed(
  told: Set<EndListener>,
  listener: EndListener,
): Promise<() => Promise<void>> {
  told.add(listener);
  return async () => {
    told.delete(listener);
  };
}

function withDirectory(sound: Complete, slip: Partial<Directory>): Partial<Complete> {
  return { directory: { ...sound.directory, ...slip } };
}

export const SLIPS: Readonly<Record<string, Slip>> = {
  "updates by a blind upsert": {
    caughtBy: [
      "update: changes nothing where no record is",
      "update: changes nothing where the session has ended, and shows the tombstone",
      "update: has one winner of many that expect the same version",
      "update: loses no increment of many writers",
      "end: keeps a session ended that writers race to update",
    ],
    make: (sound) => ({
      update: async (record) => {
        await put(sound, record);
        return { kind: "updated" };
      },
    }),
  },
  "updates without asking for the version": {
    caughtBy: [
      "update: changes nothing if another version is there, and shows the newest record",
      "update: loses no increment of many writers",
    ],
    make: (sound) => ({
      update: async (record, _expected, call) => {
        const found = await sound.load(record.id, call);
        if (found?.kind !== "live") return { kind: "gone", tombstone: found };
        return sound.update(record, found.version, call);
      },
    }),
  },
  "checks and writes in two steps": {
    caughtBy: [
      "update: has one winner of many that expect the same version",
      "update: loses no increment of many writers",
    ],
    make: (sound) => ({
      update: async (record, expected, call) => {
        const found = await sound.load(record.id, call);
        await nextTurn();
        if (found?.kind !== "live") return { kind: "gone", tombstone: found };
        if (found.version !== expected) return { kind: "conflict", current: found };
        await put(sound, record);
        return { kind: "updated" };
      },
    }),
  },
  "looks before it creates, and then creates blindly": {
    caughtBy: ["create: has one winner of many that create one id"],
    make: (sound) => ({
      create: async (record, call) => {
        if ((await sound.load(record.id, call)) !== undefined) return "taken";
        await nextTurn();
        await put(sound, record);
        return "created";
      },
    }),
  },
  "creates over a tombstone": {
    caughtBy: ["create: is refused, changing nothing, where a tombstone stands"],
    make: (sound) => ({
      create: async (record, call) => {
        const found = await sound.load(record.id, call);
        if (found?.kind === "live") return "taken";
        await put(sound, record);
        return "created";
      },
    }),
  },
  "touches by writing the record back": {
    caughtBy: [
      "touch: never moves them back",
      "touch: never revives a session that is ended meanwhile",
    ],
    make: (sound) => ({
      touch: async (id, seen, call) => {
        const found = await sound.load(id, call);
        await nextTurn();
        if (found?.kind !== "live") return false;
        await put(sound, { ...found, ...seen });
        return true;
      },
    }),
  },
  "touches with a new version": {
    caughtBy: ["touch: moves lastSeenAt and expiresAt forward, and leaves the version alone"],
    make: (sound) => ({
      touch: async (id, seen, call) => {
        const found = await sound.load(id, call);
        if (found?.kind !== "live") return false;
        const version = `${found.version}+` as typeof found.version;
        await sound.update({ ...found, ...seen, version }, found.version, call);
        return true;
      },
    }),
  },
  "ends whatever the version": {
    caughtBy: ["end: changes nothing if another version is there, and shows the newest record"],
    make: (sound) => ({ end: (stone, _expected, call) => sound.end(stone, undefined, call) }),
  },
  "forgets the session that it ends": {
    caughtBy: [
      "load: resolves to the tombstone that stands under the id",
      "end: leaves an earlier tombstone as it was, and shows it",
    ],
    make: (sound) => ({
      end: (stone, expected, call) => sound.end({ ...stone, expiresAt: 0 }, expected, call),
    }),
  },
  "shows what has expired": {
    caughtBy: [
      "load: keeps a record until its expiresAt is past",
      "load: keeps a tombstone until its expiresAt is past",
    ],
    make: (sound) => ({ load: (id, call) => sound.load(id, { ...call, now: 0 }) }),
  },
  "hands out what it holds": {
    caughtBy: ["odd data: keeps what has been handed out apart from what is stored"],
    make: (sound) => {
      const held = new Map<SessionId, SessionRecord>();
      return {
        create: (record, call) => {
          held.set(record.id, record);
          return sound.create(record, call);
        },
        load: async (id, call) => {
          const found = await sound.load(id, call);
          return found?.kind === "live" ? held.get(id) : found;
        },
      };
    },
  },
  "forgets fields that are not set": {
    caughtBy: ["load: resolves to the record that stands under the id"],
    make: (sound) => ({
      load: async (id, call) => {
        const found = await sound.load(id, call);
        return found === undefined ? undefined : JSON.parse(JSON.stringify(found));
      },
    }),
  },
  "takes users for one whose names differ in case or blanks": {
    caughtBy: ["odd data: takes no user for another"],
    make: (sound) => {
      const folded = <User extends { readonly userId: string }>(user: User): User => ({
        ...user,
        userId: user.userId.trim().toLowerCase(),
      });
      const { generation, raiseGeneration } = sound.directory;
      return withDirectory(sound, {
        generation: (user, call) => generation(folded(user), call),
        raiseGeneration: (user, call) => raiseGeneration(folded(user), call),
      });
    },
  },
  "ends all, the spared one too": {
    caughtBy: ["endAll: spares the one it is told to spare"],
    make: (sound) =>
      withDirectory(sound, {
        endAll: (user, end, call) =>
          sound.directory.endAll(user, { ...end, except: undefined }, call),
      }),
  },
  "ends all by what it listed before": {
    caughtBy: ["endAll: keeps every one of them ended that writers race to update"],
    make: (sound) =>
      withDirectory(sound, {
        endAll: async (user, end, call) => {
          const listed = await sound.directory.list(user, call);
          await nextTurn();
          const { except: _, ...stone } = end;
          const ended: SessionId[] = [];
          for (const { id, manager, version } of listed) {
            if (id === end.except) continue;
            const tombstone = {
              ...stone,
              kind: "ended",
              id,
              manager,
              next: undefined,
              notes: undefined,
            } as const;
            const outcome = await sound.end(tombstone, version, call);
            if (outcome.kind === "ended") ended.push(id);
          }
          return ended;
        },
      }),
  },
  "tells of every attempt to end a session": {
    caughtBy: ["announcements: tells of no write, no touch, and no end that changed nothing"],
    make: (sound) => {
      const told = new Set<EndListener>();
      return {
        announcements: { subscribe: async (listener) => subscribed(told, listener) },
        end: async (stone, expected, call) => {
          for (const listener of told) listener.onEnded([stone.id]);
          return sound.end(stone, expected, call);
        },
      };
    },
  },
  "tells of single ends alone, and for ever": {
    caughtBy: [
      "announcements: tells of every session that endAll ends, and of none that it spares",
      "announcements: tells a listener nothing once it has stopped",
    ],
    make: (sound) => {
      const told = new Set<EndListener>();
      return {
        announcements: {
          subscribe: async (listener) => {
            await subscribed(told, listener);
            return async () => undefined;
          },
        },
        end: async (stone, expected, call) => {
          const outcome = await sound.end(stone, expected, call);
          if (outcome.kind === "ended") for (const each of told) each.onEnded([stone.id]);
          return outcome;
        },
      };
    },
  },
  "tells nobody of an end": {
    caughtBy: ["announcements: tells of a session that another handle ends"],
    make: () => ({
      announcements: { subscribe: async () => async () => undefined },
    }),
  },
  "never raises a generation": {
    caughtBy: ["generations: rise, and never come back to an earlier value"],
    make: (sound) => withDirectory(sound, { raiseGeneration: async () => 0 }),
  },
  "keeps one generation for all": {
    caughtBy: ["generations: are each user's own, within one manager"],
    make: (sound) => {
      let generation = 0;
      return withDirectory(sound, {
        generation: async () => generation,
        raiseGeneration: async (_user, { now }) => {
          generation = Math.max(generation + 1, now);
          return generation;
        },
      });
    },
  },
  "counts the tombstones": {
    caughtBy: ["count: tells how many live records the manager has"],
    make: (sound) => {
      let ended = 0;
      return {
        end: async (stone, expected, call) => {
          ended += 1;
          return sound.end(stone, expected, call);
        },
        ...withDirectory(sound, {
          count: async (manager, call) => (await sound.directory.count(manager, call)) + ended,
        }),
      };
    },
  },
  "scans from the beginning every time": {
    caughtBy: ["scan: shows live records in the order of their ids, page by page"],
    make: (sound) =>
      withDirectory(sound, {
        scan: (page, call) => sound.directory.scan({ ...page, after: undefined }, call),
      }),
  },
  "deletes a little more than what has expired": {
    caughtBy: [
      "deleteExpired: deletes records and tombstones past their expiresAt, and resolves to how many",
    ],
    make: (sound) => ({
      expiry: {
        ...sound.expiry,
        deleteExpired: (call) => sound.expiry.deleteExpired({ ...call, now: call.now + 3_600_000 }),
      },
    }),
  },
  "goes on after it was closed": {
    caughtBy: ["failures: rejects every call with a StoreError once it is closed"],
    make: () => ({ close: async () => undefined }),
  },
  "quotes the record in its errors": {
    caughtBy: ["failures: tells no data, user or device in an error"],
    make: (sound) => ({
      create: async (record, call) => {
        try {
          return await sound.create(record, call);
        } catch (cause) {
          throw new Error("it failed", { cause: Object.assign(cause as Error, { record }) });
        }
      },
    }),
  },
};

/** A memory store with one slip. */
export function storeThat(slip: Slip): SessionStore {
  const sound = memoryStore();
  return {
    profile: sound.profile,
    load: (id, call) => sound.load(id, call),
    create: (record, call) => sound.create(record, call),
    update: (record, expected, call) => sound.update(record, expected, call),
    end: (stone, expected, call) => sound.end(stone, expected, call),
    touch: (id, seen, call) => sound.touch(id, seen, call),
    directory: sound.directory,
    expiry: sound.expiry,
    announcements: sound.announcements,
    close: () => sound.close(),
    ...slip.make(sound),
  };
}
