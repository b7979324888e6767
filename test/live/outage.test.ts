import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LiveOptions } from "../../src/frameworks/live/index.ts";
import { createSessions, type ErrorContext, StoreError } from "../../src/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { startRedis } from "../support/servers/redis.ts";
import { freePort, type TestServer } from "../support/servers/test-server.ts";
import { type Application, type Data, startApplication } from "./support/application.ts";
import { statusOf, Visitor } from "./support/visitor.ts";

const STORE_TIMEOUT_MS = 1_000;

interface Told {
  readonly error: Error;
  readonly context: ErrorContext;
}

let server: TestServer;
let proxy: TestProxy;
let told: Told[];
const applications: Application[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  proxy = await startProxy({ port: server.port, seed: 1 });
  told = [];
});
afterEach(async () => {
  for (const application of applications.splice(0)) await application.close();
  await proxy.close();
});

async function start(live: LiveOptions = {}, port: number = proxy.port): Promise<Visitor> {
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    socket: { reconnectStrategy: () => 50 },
  });
  client.on("error", () => undefined);
  await client.connect();
  const sessions = createSessions<Data>({
    store: redisStore(client),
    storeTimeout: STORE_TIMEOUT_MS,
    onError: (error, context) => void told.push({ error, context }),
  });
  const application = await startApplication(sessions, { live });
  applications.push(application);
  return Visitor.of(application.origin, "ada");
}

async function cutOff(): Promise<void> {
  proxy.leadTo(await freePort());
  proxy.cut("reset");
}

describe("while the store cannot answer", () => {
  it("a handshake is answered 503 in time, and told of once", async () => {
    const ada = await start();
    await cutOff();
    const begunAt = performance.now();
    expect(await statusOf(ada.connect())).toBe(503);
    expect(performance.now() - begunAt).toBeLessThan(STORE_TIMEOUT_MS + 5_000);
    const answered = told.filter(({ context }) => context.outcome === "answered");
    expect(answered).toEqual([
      {
        error: expect.any(StoreError),
        context: { name: "session", method: "GET", path: "/socket", outcome: "answered" },
      },
    ]);
    proxy.leadTo(server.port);
    await expect
      .poll(() =>
        ada.connect().then(
          ({ isOpen }) => isOpen,
          () => false,
        ),
      )
      .toBe(true);
  });

  it("a socket goes on for a while, and each message hears of it", async () => {
    const ada = await start();
    const line = await ada.connect();
    await cutOff();
    expect(await line.say("add")).toBe("ERR_SESSION_STORE");
    expect(line.isOpen).toBe(true);
    proxy.leadTo(server.port);
    await expect.poll(() => line.say("read")).toBe('{"userId":"ada"}');
    expect(line.isOpen).toBe(true);
  });

  it("a socket is closed of which nobody knows anything for too long [ASVS 7.4.1]", async () => {
    const ada = await start({ maxSilence: "1s" });
    const [line, begunAt] = [await ada.connect(), performance.now()];
    await line.say("read");
    await cutOff();
    const { code, reason, at } = await line.closed;
    expect({ code, reason }).toEqual({ code: 1013, reason: "silence" });
    expect(at - begunAt).toBeGreaterThanOrEqual(1_000);
  });

  it("a socket stays that is known to live again in time", async () => {
    const maxSilence = "5s";
    const ada = await start({ maxSilence });
    const line = await ada.connect();
    await cutOff();
    expect(await line.say("read")).toBe("ERR_SESSION_STORE");
    proxy.leadTo(server.port);
    await expect.poll(() => line.say("read")).toBe('{"userId":"ada"}');
    // Whose time begins later is closed: so theirs would be over, too.
    const another = await startProxy({ port: server.port, seed: 2 });
    const doomed = await (await start({ maxSilence }, another.port)).connect();
    await doomed.say("read");
    another.leadTo(await freePort());
    another.cut("reset");
    expect(await doomed.closed).toMatchObject({ reason: "silence" });
    expect(line.isOpen).toBe(true);
    await another.close();
  });
});
