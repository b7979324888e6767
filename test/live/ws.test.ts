import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { bearer, cookieOrBearer } from "../../src/cookies/bearer/index.ts";
import { acceptSockets } from "../../src/frameworks/ws.ts";
import { createSessions, memoryStore, type Sessions } from "../../src/index.ts";
import { credentials, lockWhenIdle } from "../../src/security/assurance/index.ts";
import { MINUTE, SECOND, SetClock } from "../laws/support/clock.ts";
import { gate } from "../laws/support/world.ts";
import { wrapped } from "../laws/support/wrapped-store.ts";
import {
  type Application,
  type ApplicationOptions,
  type Data,
  startApplication,
} from "./support/application.ts";
import { statusOf, Visitor } from "./support/visitor.ts";

const IDLE = 30 * MINUTE;

let clock: SetClock;
let sessions: Sessions<Data>;
let application: Application;
let ada: Visitor;
const closing: (() => Promise<void>)[] = [];

type Options = Omit<Parameters<typeof createSessions<Data>>[0] & object, "clock">;

async function start(options: ApplicationOptions = {}, managed: Options = {}): Promise<void> {
  await application?.close();
  clock = new SetClock(Date.now());
  sessions = createSessions<Data>({ store: memoryStore(), clock, ...managed } as never);
  application = await startApplication(sessions, options);
  closing.push(() => application.close());
  ada = await Visitor.of(application.origin, "ada");
}

beforeEach(() => start());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe("the handshake of a WebSocket", () => {
  it("lets in who is signed in, and knows whose socket it is", async () => {
    const line = await ada.connect();
    expect(JSON.parse(await line.say("read"))).toEqual({ userId: "ada" });
    expect(application.live.size).toBe(1);
  });

  it("refuses who has no session, has not signed in, or was signed out", async () => {
    expect(await statusOf(new Visitor(application.origin).connect())).toBe(401);
    const anonymous = new Visitor(application.origin);
    await anonymous.ask("add");
    expect(await statusOf(anonymous.connect())).toBe(401);
    const late = ada.at(application.origin);
    await ada.ask("signOut");
    expect(await statusOf(late.connect())).toBe(401);
    expect(application.live.size).toBe(0);
  });

  it("leaves nothing behind of what is no handshake, or is broken off", async () => {
    const { host, port } = new URL(application.origin);
    const lines = ["GET /socket HTTP/1.1", `Host: ${host}`, "Connection: Upgrade"];
    const head = [...lines, "Upgrade: websocket", `Cookie: ${ada.cookie}`, "\r\n"].join("\r\n");
    const odd = connect(Number(port), "127.0.0.1").end(head);
    const [answer] = await once(odd, "data");
    expect(String(answer)).toMatch(/^HTTP\/1.1 400 /);
    const hasty = connect(Number(port), "127.0.0.1");
    hasty.write(head, () => hasty.resetAndDestroy());
    await once(hasty, "close");
    await expect.poll(() => application.live.size).toBe(0);
  });

  it("is not where a handler fails: its own socket is closed, and it is told of", async () => {
    const told: unknown[] = [];
    await start({}, { onError: (error, { outcome }) => void told.push([String(error), outcome]) });
    const server = new WebSocketServer({ noServer: true });
    for (const fail of [() => Promise.reject(new Error("slow")), () => JSON.parse("{")]) {
      const http = createServer().on("upgrade", acceptSockets(application.live, server, fail));
      http.listen(0, "127.0.0.1");
      await once(http, "listening");
      const { port } = http.address() as AddressInfo;
      const line = await ada.at(`http://127.0.0.1:${port}`).connect();
      expect((await line.closed).code).toBe(1011);
      http.close();
    }
    expect(told).toEqual([
      ["Error: slow", "cut"],
      [expect.stringMatching("SyntaxError"), "cut"],
    ]);
  });

  it("lets in visitors who have not signed in, where that is said", async () => {
    await start({ accept: { anonymous: "allow" } });
    const anonymous = new Visitor(application.origin);
    expect(await statusOf(anonymous.connect())).toBe(401);
    await anonymous.ask("add");
    expect(await (await anonymous.connect()).say("add")).toBe("2");
  });

  it("refuses another origin's page, whatever it is called, and tells of it [ASVS 4.4.2]", async () => {
    const refused: unknown[] = [];
    sessions.on("refused", ({ reason, origin, path }) => refused.push({ reason, origin, path }));
    for (const origin of ["https://evil.example", "null", application.origin.replace("1", "2")]) {
      expect(await statusOf(ada.connect({ origin }))).toBe(403);
    }
    expect(refused[0]).toEqual({ reason: "site", origin: "https://evil.example", path: "/socket" });
    expect(refused).toHaveLength(3);
    const own = await ada.connect({ origin: application.origin });
    expect(own.isOpen).toBe(true);
  });

  it("lets in another origin's page that is trusted, or where every one is", async () => {
    const origin = "https://app.example";
    await start({}, { crossSite: { trustedOrigins: [origin] } });
    expect((await ada.connect({ origin })).isOpen).toBe(true);
    expect(await statusOf(ada.connect({ origin: "https://evil.example" }))).toBe(403);
    await start({ accept: { crossSite: "allow" } });
    expect((await ada.connect({ origin })).isOpen).toBe(true);
    await start({ accept: { crossSite: "refuse" } }, { crossSite: "allow" });
    expect(await statusOf(ada.connect({ origin }))).toBe(403);
  });
});

describe.each([
  ["bearer()", bearer()],
  ["cookieOrBearer()", cookieOrBearer()],
])("a token in a header, by %s", (_name, transport) => {
  async function token(): Promise<string> {
    const headers = { authorization: "Bearer" };
    const { origin } = application;
    const response = await fetch(`${origin}/signIn/ada`, { method: "POST", headers });
    return response.headers.get("session-token") ?? "";
  }

  // Whoever has no cookie sends none.
  beforeEach(() => start({}, { transport } as Options).catch(() => undefined));

  it("opens a socket, which ends with it", async () => {
    const authorization = `Bearer ${await token()}`;
    const visitor = new Visitor(application.origin);
    const line = await visitor.connect({ authorization });
    expect(JSON.parse(await line.say("read"))).toEqual({ userId: "ada" });
    await sessions.revokeAll({ userId: "ada" });
    expect(await line.closed).toMatchObject({ code: 4401, reason: "revoked" });
    expect(await statusOf(visitor.connect({ authorization }))).toBe(401);
  });

  it("opens none where it is nobody's", async () => {
    const visitor = new Visitor(application.origin);
    for (const authorization of ["Bearer", `Bearer ${"A".repeat(43)}`, `Basic ${await token()}`]) {
      expect(await statusOf(visitor.connect({ authorization }))).toBe(401);
    }
  });
});

describe("a session over a socket", () => {
  it("is seen as it is now, whoever has changed it", async () => {
    const line = await ada.connect();
    expect(await line.say("add")).toBe("1");
    expect(await ada.ask("add")).toBe("2");
    expect(JSON.parse(await line.say("read"))).toEqual({ userId: "ada", count: 2 });
  });

  it("stores at once what is set", async () => {
    const line = await ada.connect();
    expect(await line.say("set")).toBe("set");
    expect(JSON.parse(await ada.ask("read"))).toEqual({ userId: "ada", note: "said" });
  });

  it.each(["signIn", "signOut", "regenerate", "destroy"] as const)(
    "refuses %s, which needs a cookie, and goes on",
    async (wish) => {
      const line = await ada.connect();
      expect(await line.say(wish)).toBe("ERR_SESSION_HEADERS_SENT");
      expect(await line.say("add")).toBe("1");
      expect(JSON.parse(await ada.ask("read"))).toEqual({ userId: "ada", count: 1 });
    },
  );

  it("lives on while its socket is used, and is written down once in a tenth of the time", async () => {
    const line = await ada.connect();
    const seen: number[] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      clock.move(MINUTE);
      await line.say("read");
      seen.push(await lastSeen());
    }
    expect(line.isOpen).toBe(true);
    // Each third minute of sixty, as a touch is due then.
    expect(new Set(seen).size).toBeLessThanOrEqual(21);
    expect(new Set(seen).size).toBeGreaterThanOrEqual(19);
  });

  it("ends though its socket is open, where nobody uses it", async () => {
    const line = await ada.connect();
    clock.move(IDLE + SECOND);
    expect(await line.closed).toMatchObject({ code: 4401, reason: "expired" });
    expect(application.live.size).toBe(0);
  });

  it("ends though messages come that are not the visitor's doing", async () => {
    await start({ accept: { isActivity: (data) => String(data) !== "read" } });
    const line = await ada.connect();
    for (let minute = 0; minute < 29; minute += 1) {
      clock.move(MINUTE);
      await line.say("read");
    }
    clock.move(MINUTE + SECOND);
    expect(await line.closed).toMatchObject({ code: 4401, reason: "expired" });
  });

  it("ends at its absolute timeout, however it is used", async () => {
    await start({}, { absoluteTimeout: "40m" });
    const line = await ada.connect();
    for (let minute = 0; minute < 39; minute += 1) {
      clock.move(MINUTE);
      await line.say("read");
    }
    clock.move(MINUTE + SECOND);
    expect(await line.closed).toMatchObject({ code: 4401, reason: "expired" });
  });
});

async function lastSeen(): Promise<number> {
  return (await sessions.find(ada.id))?.lastSeenAt ?? 0;
}

describe("a socket is closed", () => {
  it.each([
    ["signOut", "signedOut"],
    ["destroy", "destroyed"],
    ["revokeAll/ada", "revoked"],
  ])("at %s", async (path, reason) => {
    const [line, other] = [await ada.connect(), await ada.connect()];
    const bea = await (await Visitor.of(application.origin, "bea")).connect();
    await ada.ask(path);
    expect(await line.closed).toMatchObject({ code: 4401, reason });
    expect(await other.closed).toMatchObject({ code: 4401, reason });
    expect(bea.isOpen).toBe(true);
    expect(application.live.size).toBe(1);
  });

  it("at revoke, also from a socket", async () => {
    const line = await ada.connect();
    await sessions.revoke(ada.id, application.live.size === 1 ? { userId: "ada" } : {});
    expect(await line.closed).toMatchObject({ code: 4401, reason: "revoked" });
  });

  it.each(["regenerate", "signIn/ada", "signIn/bea"])(
    "at %s, as its token is worth nothing any more; the new one opens another [ASVS 7.2.4]",
    async (path) => {
      const line = await ada.connect();
      const thief = ada.at(application.origin);
      await ada.ask(path);
      expect(await line.closed).toMatchObject({ code: 4409, reason: "regenerated" });
      expect(await statusOf(thief.connect())).toBe(401);
      expect((await ada.connect()).isOpen).toBe(true);
    },
  );

  it("as a protection ends its session: the password was changed", async () => {
    let password = "first";
    const passwords = credentials({ of: async () => password });
    await start({ live: { check: "50ms" } }, { protections: [passwords] });
    const line = await ada.connect();
    password = "second";
    expect(await line.closed).toMatchObject({ code: 4401, reason: "revoked" });
  });

  it("as its session is locked, and lets nobody in until it is unlocked", async () => {
    const lock = lockWhenIdle({ after: "10m" });
    await start({ live: { check: "50ms" } }, { protections: [lock] });
    const line = await ada.connect();
    clock.move(9 * MINUTE);
    await line.say("read");
    clock.move(9 * MINUTE);
    await line.say("read");
    expect(line.isOpen).toBe(true);
    clock.move(10 * MINUTE);
    expect(await line.closed).toMatchObject({ code: 4401, reason: "locked" });
    expect(await statusOf(ada.connect())).toBe(401);
  });

  it("and hears no message any more", async () => {
    const line = await ada.connect();
    await line.say("read");
    const before = application.heard.length;
    line.socket.pause();
    await ada.ask("signOut");
    await expect.poll(() => application.live.size).toBe(0);
    line.socket.send("add");
    line.socket.resume();
    await line.closed;
    expect(application.heard).toHaveLength(before);
  });

  it("as the process ends its connections, and none begins any more", async () => {
    const line = await ada.connect();
    await application.live.close();
    expect(await line.closed).toMatchObject({ code: 1001, reason: "closing" });
    expect(await statusOf(ada.connect())).toBe(503);
  });

  it("before it has begun, where the process ends its connections meanwhile", async () => {
    const loading = gate();
    const asked = gate();
    const store = wrapped(memoryStore(), async (operation, send) => {
      if (operation === "load") {
        asked.open();
        await loading.passed;
      }
      return send();
    });
    await start({}, { store });
    const refused = statusOf(ada.connect());
    await asked.passed;
    await application.live.close();
    loading.open();
    expect(await refused).toBe(503);
  });

  it("as the manager is closed", async () => {
    const line = await ada.connect();
    await sessions.close();
    expect(await line.closed).toMatchObject({ code: 1001, reason: "closing" });
  });

  it("by its visitor, and then nothing is left of it", async () => {
    const line = await ada.connect();
    line.socket.close();
    await line.closed;
    await expect.poll(() => application.live.size).toBe(0);
  });
});
