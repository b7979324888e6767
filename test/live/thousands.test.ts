import { availableParallelism, loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSessions, type Sessions } from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import { subjects } from "../history/subjects.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { startRedis } from "../support/servers/redis.ts";
import { freePort, type TestServer } from "../support/servers/test-server.ts";
import type { Data } from "./support/application.ts";
import { Other } from "./support/other.ts";
import { type Closed, type Line, Visitor } from "./support/visitor.ts";

const EACH = 1_000;
const AT_ONCE = 50;
/** A second where nobody else wants the processors, as the figures tell; here others may. */
const LIMIT_MS = 15_000;
const CUT_MS = 3_000;

/** A socket, whose it is, and at which process. */
interface Entry {
  readonly user: string;
  readonly isCutOff: boolean;
  readonly line: Line;
}

describe("a thousand sockets of each of two users, over Redis", () => {
  let server: TestServer;
  let proxy: TestProxy;
  let sessions: Sessions<Data>;
  let processes: readonly [Other, Other];
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startProxy({ port: server.port, seed: 1 });
    const store = await subjects.redis.open({ folder: "", port: server.port });
    sessions = createSessions<Data>({ store });
    const ports = [server.port, proxy.port];
    const [near, cutOff] = await Promise.all(
      ports.map((port) => Other.start("redis", { folder: "", port }, { reconnectMs: 100 })),
    );
    processes = [near as Other, cutOff as Other];
  });
  afterAll(async () => {
    for (const visitor of visitors) visitor.leave();
    for (const other of processes ?? []) other.kill();
    await sessions?.close();
    await proxy?.close();
    await server?.stop();
  });

  async function entered(index: number): Promise<Entry> {
    const user = index % 2 === 0 ? "ada" : "bea";
    const isCutOff = index % 4 >= 2;
    const { development } = await issue(sessions, { userId: user });
    const visitor = new Visitor(processes[isCutOff ? 1 : 0].origin);
    visitor.cookie = development?.cookie ?? "";
    visitors.push(visitor);
    return { user, isCutOff, line: await visitor.connect() };
  }

  async function enteredAll(): Promise<readonly Entry[]> {
    const all: Entry[] = [];
    for (let from = 0; from < 2 * EACH; from += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => from + index);
      all.push(...(await Promise.all(numbers.map(entered))));
    }
    return all;
  }

  /** How long after `since` the last of them was closed, each with the right word. */
  async function lastOf(entries: readonly Entry[], since: number): Promise<number> {
    const closed = await Promise.all(entries.map(({ line }): Promise<Closed> => line.closed));
    expect(new Set(closed.map(({ code, reason }) => `${code} ${reason}`))).toEqual(
      new Set(["4401 revoked"]),
    );
    return Math.max(...closed.map(({ at }) => at)) - since;
  }

  it("closes those of one at once, at the cut's end where a process was cut off, and no other", async () => {
    const all = await enteredAll();
    const ofAda = all.filter(({ user }) => user === "ada");
    const [cutOff, near] = [true, false].map((is) =>
      ofAda.filter(({ isCutOff }) => isCutOff === is),
    );
    const ofBea = all.filter(({ user }) => user === "bea");

    proxy.leadTo(await freePort());
    proxy.cut("reset");
    const revokedAt = performance.now();
    expect(await sessions.revokeAll({ userId: "ada" })).toBe(EACH);
    const nearMs = await lastOf(near ?? [], revokedAt);
    await pause(Math.max(0, CUT_MS - (performance.now() - revokedAt)));
    expect(cutOff?.every(({ line }) => line.isOpen)).toBe(true);

    proxy.leadTo(server.port);
    const passedAt = performance.now();
    const cutOffMs = await lastOf(cutOff ?? [], passedAt);
    expect(ofBea.every(({ line }) => line.isOpen)).toBe(true);
    expect(ofBea).toHaveLength(EACH);
    const burden = (loadavg()[0] ?? 0) / availableParallelism();
    const figures = [nearMs, cutOffMs].map((ms) => ms.toFixed(0));
    console.info(
      `The last of ${near?.length} closed ${figures[0]} ms after revokeAll was called, ` +
        `of ${cutOff?.length} at the process cut off ${figures[1]} ms after the cut's end ` +
        `(${burden.toFixed(1)} processes for each processor)`,
    );
    expect(nearMs).toBeLessThan(LIMIT_MS);
    expect(cutOffMs).toBeLessThan(LIMIT_MS);
  });
});
