import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import {
  createSessions,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { newKey } from "../../cookies/support/cookie-world.ts";
import { Browser, type Handler } from "../../laws/support/browser.ts";
import { MINUTE, SetClock } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-advisories-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What one process holds of a file of the folder. */
class Process {
  readonly sessions: Sessions<Untyped>;
  readonly #store: SessionStore;

  constructor(store: SessionStore, sessions: Sessions<Untyped>) {
    this.#store = store;
    this.sessions = sessions;
  }

  async stop(): Promise<void> {
    await this.sessions.close();
    await this.#store.close?.();
  }
}

describe("the end of a session", () => {
  it("CVE-2024-35220: is not computed anew from the options of whoever loads it", async () => {
    const world = new World({ idleTimeout: "10m", absoluteTimeout: "1h" });
    const [busy, idle] = [await world.signedIn(), await world.signedIn()];
    const generous = world.process({ idleTimeout: "30d", absoluteTimeout: "60d" });
    for (const browser of [busy, idle]) browser.sessions = generous;
    for (let times = 0; times < 6; times += 1) {
      world.clock.move(9 * MINUTE);
      expect(await userOf(busy)).toBe("ada");
      if (times === 1) expect(await userOf(idle)).toBeNull();
    }
    await busy.visit((session) => session.set("n", 1));
    world.clock.move(6 * MINUTE);
    expect(await userOf(busy)).toBeNull();
  });

  it("CVE-2023-20862: is an end, though nothing is left to be saved", async () => {
    const clock = new SetClock();
    const start = (): Process => {
      const store = sqliteStore(join(folder, "sessions.db"));
      return new Process(store, createSessions<Untyped>({ store, clock }));
    };
    const [here, elsewhere] = [start(), start()];
    const browser = new Browser(here.sessions);
    await browser.visit((session) => session.signIn("ada"));
    const copy = browser.copy(elsewhere.sessions);
    expect(await userOf(copy)).toBe("ada");
    await browser.visit((session) => {
      session.clear();
      return session.signOut();
    });
    expect(await userOf(copy)).toBeNull();
    expect(await elsewhere.sessions.count()).toBe(0);
    await Promise.all([here.stop(), elsewhere.stop()]);
  });

  it("CVE-2026-9802: outlives a restart of whoever remembers it", async () => {
    const [clock, keys] = [new SetClock(), newKey()];
    const start = (): Process => {
      const revocations = sqliteStore(join(folder, "ended.db"));
      const store = cookieStore({ revocations });
      return new Process(revocations, createSessions<Untyped>({ store, clock, keys }));
    };
    const before = start();
    const [one, other, out] = [0, 1, 2].map(() => new Browser(before.sessions));
    for (const browser of [one, other]) await browser?.visit((session) => session.signIn("ada"));
    await out?.visit((session) => session.signIn("eve"));
    const copies = [one, other, out].map((browser) => browser?.copy());
    await before.sessions.revokeAll({ userId: "ada" });
    await out?.visit((session) => session.signOut());
    await before.stop();
    const after = start();
    for (const copy of copies) expect(copy && (await userOf(copy.copy(after.sessions)))).toBeNull();
    await after.stop();
  });

  it.each([
    ["", 0],
    [", though the store's index has lost them", 4 * MINUTE],
  ])(
    "CVE-2025-4644: comes to all that a deleted user had, whoever gets the same id%s",
    async (lost, ms) => {
      const world = new World();
      const old = await world.signedIn("7");
      if (lost !== "") {
        world.switch.behave = (operation, send) =>
          operation === "endAll" ? Promise.resolve([] as never) : send();
      }
      await world.sessions.forget({ userId: "7" });
      const next = await world.signedIn("7");
      // An index that has lost an entry is found out when the session's activity is written down.
      world.clock.move(ms);
      expect(await userOf(old)).toBeNull();
      expect(await userOf(next)).toBe("7");
    },
  );
});

describe("a request that runs on", () => {
  const ACTS: Readonly<Record<string, Handler>> = {
    set: (session) => session.set("n", 1),
    regenerate: async (session) => {
      await session.regenerate();
      session.set("n", 1);
    },
  };
  it.each(Object.keys(ACTS))(
    "express-session#935, express-session#383: writes once what it has saved: after %s",
    async (act) => {
      const world = new World();
      const browser = await world.returning({ n: 0 });
      await browser.visit(async (session, request) => {
        await ACTS[act]?.(session, request);
        await session.save();
        const saved = await world.stored(session.id);
        if (saved?.kind !== "live") throw new Error("nothing was saved");
        // Another process changes the same key before this request is over.
        const record = { ...saved, version: "AAAAAAAA" as never, data: '{"n":2}' };
        const call = { now: world.clock.now(), signal: new AbortController().signal };
        expect((await world.memory.update(record, saved.version, call)).kind).toBe("updated");
      });
      expect((await browser.visit((session) => session.get("n"))).json).toBe(2);
    },
  );
});
