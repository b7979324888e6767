import { setImmediate as turn } from "node:timers/promises";
import type { StoredSession } from "../../../src/core/record.ts";
import type { EndListener, SessionStore, SilentStore, StoreCall } from "../../../src/core/store.ts";
import { layered } from "../../../src/stores/layered/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../../src/testing/store/fixtures.ts";
import type { Random } from "../../support/random.ts";

const NOW = 1_800_000_000_000;
const call: StoreCall = { now: NOW, signal: new AbortController().signal };
const user = { manager: "shop", userId: "alice" };
const END = { except: undefined, reason: "revoked", endedAt: NOW, expiresAt: NOW + 9e5 } as const;
const STEPS = 12;
const CLIENTS = 3;
const LOSS = 0.03;

type Complete = Required<SessionStore>;
type Near = "own" | "forgetful" | "shared" | "shared, forgetful";

/** What a process may rely on when it reads. */
interface Promised {
  count: number;
  hasEnded: boolean;
}

/** Two processes with several clients each, on one session; resolves to what was read too late. */
export async function race(random: Random, kind: Near): Promise<string[]> {
  const origin = memoryStore();
  const [shared, sharedForgetful] = [steady(memoryStore()), forgetful(random)];
  const record = recordAt(NOW, { ...user, data: '{"count":0}' });
  await origin.create(record, call);
  const faults: string[] = [];
  const nears = {
    own: () => steady(memoryStore()),
    forgetful: () => forgetful(random),
    shared: () => shared,
    "shared, forgetful": () => sharedForgetful,
  };
  const processes = [1, 2].map(() => {
    const promised: Promised = { count: 0, hasEnded: false };
    const reached = slow(steady(origin), random, LOSS, (listener) => ({
      ...listener,
      onEnded(ids) {
        listener.onEnded(ids);
        promised.hasEnded ||= ids.includes(record.id);
      },
    }));
    const near = slow(nears[kind](), random, 0);
    return { promised, store: layered(near, reached, { maxStaleness: "1h" }) };
  });
  const clients = processes.flatMap((process) => Array.from({ length: CLIENTS }, () => process));
  await Promise.all(
    clients.map(async ({ store, promised }) => {
      for (let step = 0; step < STEPS; step += 1) {
        const before = { ...promised };
        const found = await store.load(record.id, call).catch(() => undefined);
        if (found === undefined) continue;
        if (isLate(found, before)) faults.push(`${JSON.stringify(before)}: ${found.kind}`);
        await act(store, found, promised, random).catch(() => undefined);
      }
    }),
  );
  return faults;
}

function isLate(found: StoredSession, before: Promised): boolean {
  if (found.kind === "ended") return false;
  return before.hasEnded || JSON.parse(found.data).count < before.count;
}

async function act(
  store: SilentStore,
  found: StoredSession,
  promised: Promised,
  random: Random,
): Promise<void> {
  if (found.kind === "ended") return;
  const what = random.weighted({ read: 4, write: 4, touch: 3, end: 0.3, endAll: 0.3 });
  if (what === "write") {
    const count = JSON.parse(found.data).count + 1;
    const next = successorOf(found, { data: JSON.stringify({ count }) });
    const outcome = await store.update(next, found.version, call);
    if (outcome.kind === "updated") promised.count = Math.max(promised.count, count);
  } else if (what === "touch") {
    const lastSeenAt = found.lastSeenAt + 1;
    await store.touch(found.id, { ...found, lastSeenAt }, call);
  } else if (what === "end") {
    await store.end(tombstoneAt(NOW, found), undefined, call);
    promised.hasEnded = true;
  } else if (what === "endAll") {
    await store.directory.endAll(user, { ...END, version: freshCommit() }, call);
    promised.hasEnded = true;
  }
}

function steady(store: Complete): () => Complete {
  return () => store;
}

/** A store that has lost everything now and then. */
function forgetful(random: Random): () => Complete {
  let store = memoryStore();
  return () => {
    if (random.chance(0.1)) store = memoryStore();
    return store;
  };
}

/** Answers come late, in any order, and now and then not at all, though the call took effect. */
function slow(
  reach: () => Complete,
  random: Random,
  loss: number,
  told: (listener: EndListener) => EndListener = (listener) => listener,
): Complete {
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let turns = random.below(3); turns > 0; turns -= 1) await turn();
    const answer = await work();
    for (let turns = random.below(4); turns > 0; turns -= 1) await turn();
    if (random.chance(loss)) throw new Error("the answer was lost");
    return answer;
  };
  const { profile, directory, expiry, announcements, close } = reach();
  return {
    profile,
    expiry,
    load: (...rest) => late(() => reach().load(...rest)),
    create: (...rest) => late(() => reach().create(...rest)),
    update: (...rest) => late(() => reach().update(...rest)),
    end: (...rest) => late(() => reach().end(...rest)),
    touch: (...rest) => late(() => reach().touch(...rest)),
    directory: { ...directory, endAll: (...rest) => late(() => directory.endAll(...rest)) },
    announcements: {
      subscribe: async (listener, options) => {
        const informed = told(listener);
        const onEnded = async (ids: Parameters<EndListener["onEnded"]>[0]): Promise<void> => {
          for (let turns = random.below(6); turns > 0; turns -= 1) await turn();
          informed.onEnded(ids);
        };
        const delayed = { ...informed, onEnded: (ids: never[]) => void onEnded(ids) };
        return announcements.subscribe(delayed as EndListener, options);
      },
    },
    close,
  };
}
