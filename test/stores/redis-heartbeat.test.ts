import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EndAnnouncements } from "../../src/stores/redis/announcements.ts";
import { Commands } from "../../src/stores/redis/commands.ts";
import { driverOf } from "../../src/stores/redis/drivers.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { ask, eventually, startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { connectPool, type OpenClient, SINGLE } from "./support/redis-clients.ts";
import { request } from "./support/redis-load.ts";

const RHYTHM = { silenceMs: 300, patienceMs: 2_000 };
const manager = "shop";
const CHANNEL = "sojourn:ended";

describe.each([...SINGLE, ["a pool of redis", connectPool] as const])(
  "who listens for ended sessions, by %s",
  (_, connect) => {
    let server: TestServer;
    let proxy: TestProxy;
    let application: OpenClient;
    let commands: Commands;
    let heard: { gaps: number; readonly ids: string[] };
    beforeEach(async () => {
      // Each test's own, as one that is closed has a last gap to tell.
      const mine = { gaps: 0, ids: [] as string[] };
      heard = mine;
      const listener = {
        onEnded: (ids: readonly string[]) => void mine.ids.push(...ids),
        onGap: () => {
          mine.gaps += 1;
        },
      };
      server = await startRedis();
      proxy = await startProxy({ port: server.port, seed: 1 });
      application = await connect(proxy.port);
      commands = new Commands({
        driver: driverOf(application.client),
        replicas: 0,
        trial: ["del", "sojourn:trial"],
        onFirstCall: async () => undefined,
      });
      await new EndAnnouncements(commands, CHANNEL, RHYTHM).subscribe(listener, request());
    });
    afterEach(async () => {
      commands.close();
      application.end();
      await proxy.close();
      await server.stop();
    });

    async function endOne(): Promise<string> {
      const client = new Redis(server.port, "127.0.0.1");
      const other = redisStore(client);
      const record = recordAt(Date.now(), { manager });
      await other.create(record, request());
      await other.end(tombstoneAt(Date.now(), record), undefined, request());
      client.disconnect();
      return record.id;
    }

    it("is told of a gap when the connection has gone silent, and hears again", async () => {
      proxy.strand();
      const missed = await endOne();
      await eventually(async () => heard.gaps > 0);
      await eventually(async () => {
        await endOne();
        return heard.ids.length > 0;
      });
      expect(heard.ids).not.toContain(missed);
    });

    it("hears beats of others as well as own ones, and takes none for an end", async () => {
      const beats = async (): Promise<number> => {
        const stats = await ask(server.port, "info", "commandstats");
        return Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      };
      await eventually(async () => (await beats()) >= 3);
      const client = new Redis(server.port, "127.0.0.1");
      const before = await beats();
      let pauses = 1;
      for (let other = 0; other < 8; other += 1) {
        const begun = performance.now();
        await client.publish(CHANNEL, "");
        await pause(RHYTHM.silenceMs / 4);
        // On a busy machine the others may pause long enough that somebody has to beat.
        pauses += Math.floor((performance.now() - begun) / RHYTHM.silenceMs);
      }
      expect((await beats()) - before - 8).toBeLessThanOrEqual(pauses);
      client.disconnect();
      expect(heard).toEqual({ gaps: 0, ids: [] });
      const ended = await endOne();
      await eventually(async () => heard.ids.includes(ended));
    });
  },
);
