import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { type SessionRecord, UNREADABLE_DATA } from "../../src/core/record.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { type MoveProgress, migrateSessions, movingStore } from "../../src/migrate/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt, successorOf } from "../../src/testing/store/fixtures.ts";
import { Browser } from "../laws/support/browser.ts";
import { temporaryFolder } from "../stores/support/databases.ts";
import { Crash, call, clock, MANAGER, NOW, Place } from "./support.ts";

const managers = [MANAGER];
const freshKey = (): string => randomBytes(32).toString("base64url");

describe("migrateSessions", () => {
  it("moves every session as it is, and says so", async () => {
    const place = new Place();
    const records = await Promise.all(
      Array.from({ length: 450 }, (_, each) => place.created({ userId: `user-${each % 7}` })),
    );
    const heard: MoveProgress[] = [];
    const onProgress = (progress: MoveProgress): void => void heard.push(progress);
    const result = await migrateSessions(place.from, place.to, { managers, clock, onProgress });
    const done = { total: 450, moved: 450, verified: 450, ended: 0 };
    const rest = { left: 0, unreadable: 0, missing: 0 };
    expect(result).toEqual({ ...done, ...rest, isComplete: true });
    expect(heard.map(({ moved }) => moved)).toEqual([200, 400, 450]);
    for (const record of records) expect(await place.after(record.id)).toEqual(record);
    expect(await place.to.directory.count(MANAGER, call)).toBe(450);
  });

  it("does nothing the second time", async () => {
    const place = new Place();
    const record = await place.created();
    await migrateSessions(place.from, place.to, { managers, clock });
    const again = await migrateSessions(place.from, place.to, { managers, clock });
    expect(again).toMatchObject({ total: 0, moved: 0, verified: 0, isComplete: true });
    expect(await place.after(record.id)).toEqual(record);
  });

  it("stops when it is told, and goes on where it stopped", async () => {
    const place = new Place();
    const records = await Promise.all(Array.from({ length: 450 }, () => place.created()));
    const controller = new AbortController();
    const moved: number[] = [];
    const stopped = migrateSessions(place.from, place.to, {
      ...{ managers, clock, signal: controller.signal },
      onProgress: (progress) => {
        moved.push(progress.moved);
        controller.abort(new Error("enough for today"));
      },
    });
    await expect(stopped).rejects.toThrow("enough for today");
    for (const record of records) expect(await place.seen(record.id)).toEqual(record);
    const rest = await migrateSessions(place.from, place.to, { managers, clock });
    expect(rest).toMatchObject({ total: 450 - (moved[0] ?? 0), isComplete: true });
    expect((moved[0] ?? 0) + rest.moved).toBe(450);
  });

  it("goes on after a crash at any call of the stores", async () => {
    for (let at = 1; ; at += 1) {
      const place = new Place();
      const records = [await place.created(), await place.created(), await place.created()];
      const crash = new Crash(at, at % 2 === 0);
      const { from, to } = place.handles(crash.intercept);
      const isThrough = await migrateSessions(from, to, { managers, clock, concurrency: 2 }).then(
        () => true,
        () => false,
      );
      for (const record of records) expect(await place.seen(record.id)).toEqual(record);
      const rest = await migrateSessions(place.from, place.to, { managers, clock });
      expect(rest).toMatchObject({ left: 0, missing: 0, isComplete: true });
      for (const record of records) expect(await place.after(record.id)).toEqual(record);
      if (isThrough) return expect(at).toBeGreaterThan(20);
    }
  });

  it("settles an answer that was lost by what it finds", async () => {
    const place = new Place();
    const record = await place.created();
    let isLost = false;
    const { from, to } = place.handles(async (operation, send) => {
      const answer = await send();
      if (operation !== "end" || isLost) return answer;
      isLost = true;
      throw new Error("the connection was cut");
    });
    const result = await migrateSessions(from, to, { managers, clock });
    expect(result).toMatchObject({ moved: 1, verified: 1, isComplete: true });
    expect(await place.after(record.id)).toEqual(record);
  });

  it("waits no longer than its timeout for a store that does not answer", async () => {
    const place = new Place();
    const record = await place.created();
    const { from, to } = place.handles((operation, send) =>
      operation === "end" ? new Promise(() => undefined) : send(),
    );
    const moving = migrateSessions(from, to, { managers, clock, timeout: 20 });
    await expect(moving).rejects.toThrow("did not answer within 20 ms");
    expect(await place.seen(record.id)).toEqual(record);
  });

  it("leaves a session that changes all the time for the next run, and says so", async () => {
    const place = new Place();
    let newest = await place.created();
    const { from, to } = place.handles(async (operation, send) => {
      if (operation !== "end") return send();
      const next = successorOf(newest);
      await place.from.update(next, newest.version, call);
      newest = next;
      return send();
    });
    const result = await migrateSessions(from, to, { managers, clock });
    expect(result).toMatchObject({ moved: 0, left: 1, isComplete: false });
    expect(await place.seen(newest.id)).toEqual(newest);
    const again = await migrateSessions(place.from, place.to, { managers, clock });
    expect(again).toMatchObject({ moved: 1, isComplete: true });
    expect(await place.after(newest.id)).toEqual(newest);
  });

  it("moves all others where some do not open, and says how many are left", async () => {
    const [inside, target] = [memoryStore(), memoryStore()];
    const [lost, leaked, present] = [freshKey(), freshKey(), freshKey()];
    const created = async (key: string, count: number): Promise<SessionRecord[]> => {
      const record = () => recordAt(NOW, { manager: MANAGER, userId: "alice", notes: '{"g":1}' });
      const records = Array.from({ length: count }, record);
      const store = encrypted(inside, key);
      for (const each of records) await store.create(each, call);
      return records;
    };
    const [unreadable, retired, sound] = [
      await created(lost, 3),
      await created(leaked, 3),
      await created(present, 300),
    ];
    const from = encrypted(inside, present, { retired: [leaked] });
    const to = encrypted(target, present);
    const result = await migrateSessions(from, to, { managers, clock });
    expect(result).toMatchObject({ moved: 303, verified: 303, left: 3, unreadable: 3 });
    expect(result.isComplete).toBe(false);
    for (const record of sound) expect(await to.load(record.id, call)).toEqual(record);
    const facts = { userId: "alice", data: UNREADABLE_DATA };
    for (const { id } of retired) expect(await to.load(id, call)).toMatchObject(facts);
    // Once the key is there again, so are they.
    const again = await migrateSessions(encrypted(inside, [present, lost]), to, {
      managers,
      clock,
    });
    expect(again).toMatchObject({ moved: 3, unreadable: 0, isComplete: true });
    for (const record of unreadable) expect(await to.load(record.id, call)).toEqual(record);
  });

  it("says when the new store does not keep what it was given", async () => {
    const [from, to] = [memoryStore(), memoryStore({ maxSessions: 5 })];
    for (let each = 0; each < 20; each += 1) {
      await from.create(recordAt(NOW, { manager: MANAGER }), call);
    }
    const result = await migrateSessions(from, to, { managers, clock, concurrency: 4 });
    const kept = await to.directory.count(MANAGER, call);
    expect(kept).toBeLessThanOrEqual(5);
    // What was there when it was looked for, and went later, is in the count alone.
    expect(result.moved).toBe(20);
    expect(result.verified + result.missing).toBe(20);
  });

  it("does not lose a session on the way back, but waits", async () => {
    const place = new Place();
    const record = await place.created();
    await migrateSessions(place.from, place.to, { managers, clock });
    const back = await migrateSessions(place.to, place.from, { managers, clock });
    expect(back).toMatchObject({ left: 1, isComplete: false });
    expect(await movingStore(place.to, place.from).load(record.id, call)).toEqual(record);
  });

  it("moves the managers that it is told, and no other", async () => {
    const place = new Place();
    const [mine, other] = [await place.created(), await place.created({ manager: "staff" })];
    await migrateSessions(place.from, place.to, { managers, clock });
    expect(await place.from.load(mine.id, call)).toMatchObject({ kind: "ended" });
    expect(await place.from.load(other.id, call)).toEqual(other);
  });

  it.each([
    [{ managers: [] }, "migrateSessions.managers"],
    [{ managers: "shop" }, "migrateSessions.managers"],
    [{ concurrency: 0 }, "migrateSessions.concurrency"],
    [{ timeout: "soon" }, "migrateSessions.timeout"],
    [{ batch: 1 }, "migrateSessions.batch"],
  ])("refuses %j", async (options, option) => {
    const moving = migrateSessions(memoryStore(), memoryStore(), options as never);
    await expect(moving).rejects.toThrow(OptionsError);
    await expect(moving).rejects.toThrow(option);
  });
});

describe("the move of an application's sessions", () => {
  it("is noticed by no visitor", async () => {
    const folder = await temporaryFolder();
    const [old, young] = [join(folder, "old.db"), join(folder, "new.db")];
    const open = (store: SessionStore) => createSessions({ store, storeTimeout: "10s" });
    const moving = () => open(movingStore(sqliteStore(old), sqliteStore(young)));
    const before = open(sqliteStore(old));
    const [one, two] = [moving(), moving()];
    const visitors = await Promise.all(
      Array.from({ length: 40 }, async (_, each) => {
        const browser = new Browser(before);
        await browser.visit(async (session) => {
          await session.update("n", () => 1);
          if (each % 2 === 0) await session.signIn(`user-${each % 4}`);
        });
        return browser;
      }),
    );
    const tokens = visitors.map(({ token }) => token);
    const move = migrateSessions(sqliteStore(old), sqliteStore(young), { concurrency: 2 });
    await Promise.all(
      visitors.map(async (visitor) => {
        for (let round = 0; round < 5; round += 1) {
          await Promise.all(
            [one, two].map(async (sessions) => {
              const visit = visitor.copy(sessions);
              const answer = await visit.visit((session) => session.update("n", (n = 0) => n + 1));
              expect(answer.status).toBe(200);
              expect(visit.token).toBe(visitor.token);
            }),
          );
        }
      }),
    );
    const newcomer = new Browser(one);
    await newcomer.visit((session) => session.signIn("newcomer"));
    await move;
    const rest = await migrateSessions(sqliteStore(old), sqliteStore(young));
    expect(rest).toMatchObject({ left: 0, missing: 0, isComplete: true });
    const after = open(sqliteStore(young));
    for (const [each, visitor] of visitors.entries()) {
      visitor.sessions = after;
      const { json } = await visitor.visit((session) => [session.get("n"), session.userId ?? null]);
      expect(json).toEqual([11, each % 2 === 0 ? `user-${each % 4}` : null]);
      expect(visitor.token).toBe(tokens[each]);
    }
    expect(await after.count()).toBe(41);
    expect(await after.list({ userId: "user-0" })).toHaveLength(10);
    expect(await after.list({ userId: "newcomer" })).toHaveLength(1);
    for (const sessions of [before, one, two, after]) await sessions.close();
    await rm(folder, { recursive: true });
  });

  it("keeps those out who sign out meanwhile", async () => {
    const place = new Place();
    const before = createSessions({ store: place.from });
    const visitors = await Promise.all(
      Array.from({ length: 30 }, async (_, each) => {
        const browser = new Browser(before);
        await browser.visit((session) => session.signIn(each % 3 === 0 ? "mallory" : `${each}`));
        return browser;
      }),
    );
    const during = createSessions({ store: place.process() });
    const move = migrateSessions(place.from, place.to);
    const [, revoked] = await Promise.all([
      Promise.all(
        visitors.map(async (visitor, each) => {
          if (each % 3 !== 1) return;
          await visitor.copy(during).visit((session) => session.signOut());
        }),
      ),
      during.revokeAll({ userId: "mallory" }),
    ]);
    expect(revoked).toBe(10);
    await move;
    expect(await migrateSessions(place.from, place.to)).toMatchObject({ isComplete: true });
    const after = createSessions({ store: place.to });
    for (const [each, visitor] of visitors.entries()) {
      const { json } = await visitor.copy(after).visit((session) => session.userId ?? null);
      expect(json).toBe(each % 3 === 2 ? `${each}` : null);
    }
    expect(await after.count()).toBe(10);
  });

  it("outlives the death of the process that moves", async () => {
    const folder = await temporaryFolder();
    const [old, young] = [join(folder, "old.db"), join(folder, "new.db")];
    const [from, to] = [sqliteStore(old), sqliteStore(young)];
    const now = { ...call, now: Date.now() };
    const records = Array.from({ length: 1_000 }, () => recordAt(now.now, { manager: MANAGER }));
    for (const record of records) await from.create(record, now);
    const worker = fork(
      fileURLToPath(new URL("./migrate-worker.ts", import.meta.url)),
      [old, young],
      {
        execArgv: ["--disable-warning=ExperimentalWarning"],
      },
    );
    expect(await once(worker, "exit")).toEqual([null, "SIGKILL"]);
    const left = await from.directory.count(MANAGER, now);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(1_000);
    const application = movingStore(from, to);
    for (const record of records) expect(await application.load(record.id, now)).toEqual(record);
    const rest = await migrateSessions(from, to, { managers });
    expect(rest).toMatchObject({ left: 0, missing: 0, isComplete: true });
    for (const record of records) expect(await to.load(record.id, now)).toEqual(record);
    expect(await to.directory.count(MANAGER, now)).toBe(1_000);
    await application.close?.();
    await rm(folder, { recursive: true });
  });
});
