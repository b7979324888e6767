import { describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { createSessions, memoryStore } from "../../../src/index.ts";
import { flaskSessions } from "../../../src/interop/flask/index.ts";
import { DeviceProofError, deviceBound } from "../../../src/security/dbsc/index.ts";
import type { Answer, Browser } from "../../laws/support/browser.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";
import { BOUND, Device, FETCH, LINK, PAGE, randomToken, TRIED } from "./support/device.ts";

const world = (options: Parameters<typeof deviceBound>[0] = {}): World =>
  new World({ protections: [deviceBound(options)] });

const who = (browser: Browser, headers: Record<string, string> = PAGE): Promise<Answer> =>
  browser.visit((session) => session.userId ?? "nobody", { headers });

/** Bound, seen with the bound cookie, and past the grace after that. */
async function bound(app: World): Promise<Device> {
  const device = await new Device(app.browser()).bind();
  expect((await who(device.browser)).json).toBe("ada");
  app.clock.move(MINUTE + SECOND);
  return device;
}

describe("a session that nothing binds", () => {
  it("goes on as any other, and costs no call on the store once the offer is over", async () => {
    const app = world();
    const browser = await app.signedIn("ada");
    expect((await who(browser)).json).toBe("ada");
    app.clock.move(5 * MINUTE);
    expect((await who(browser)).json).toBe("ada");
    app.switch.forget();
    expect((await who(browser)).json).toBe("ada");
    expect(app.switch.calls).toEqual(["load"]);
  });

  it("is refused two minutes after the sign-in where binding is required", async () => {
    const app = world({ required: true });
    const browser = await app.signedIn("ada");
    app.clock.move(2 * MINUTE);
    expect((await who(browser)).json).toBe("ada");
    app.clock.move(2 * MINUTE);
    expect((await who(browser)).json).toBe("nobody");
    expect(app.told("proofMissing")).toMatchObject([{ reason: "lost", userId: "ada" }]);
  });

  it("goes on where the answer to the registration never arrived", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    device.forget();
    app.clock.move(20 * MINUTE);
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("costs an anonymous visitor nothing", async () => {
    const app = world();
    const browser = await app.returning();
    app.switch.forget();
    await browser.visit(() => undefined);
    expect(app.switch.calls).toEqual(["load"]);
  });
});

describe("a bound session", () => {
  it("is opened with both cookies, by one more call on the store", async () => {
    const app = world();
    const device = await bound(app);
    app.switch.forget();
    expect((await who(device.browser)).json).toBe("ada");
    expect(app.switch.calls).toEqual(["load", "load"]);
  });

  it("takes for a minute what was on its way while it was bound", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    const before = device.browser.copy();
    before.jar.delete(BOUND);
    await who(device.browser);
    app.clock.move(59 * SECOND);
    expect((await who(before, {})).json).toBe("ada");
    app.clock.move(2 * SECOND);
    expect((await who(before, FETCH)).status).toBe(403);
  });

  it("takes the values before until their own time is over", async () => {
    const app = world();
    const device = await bound(app);
    const before = device.browser.copy();
    app.clock.move(5 * MINUTE);
    await device.refresh();
    await device.refresh();
    expect((await who(before)).json).toBe("ada");
    app.clock.move(6 * MINUTE);
    expect((await who(before, FETCH)).status).toBe(403);
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("stays bound for as long as it lives, whatever token it is under", async () => {
    const app = world();
    const device = await bound(app);
    await device.browser.visit((session) => session.regenerate(), { headers: PAGE });
    device.forget();
    for (let hours = 0; hours < 10; hours += 1) {
      app.clock.move(29 * MINUTE);
      expect((await who(device.browser, FETCH)).status).toBe(403);
      await device.refresh();
      expect((await who(device.browser)).json).toBe("ada");
      device.forget();
    }
  });

  it("is judged once for a request, however long that takes", async () => {
    const app = world();
    const device = await bound(app);
    const { status, json } = await device.browser.visit(
      async (session) => {
        app.clock.move(15 * MINUTE);
        return session.userId;
      },
      { headers: PAGE },
    );
    expect([status, json]).toEqual([200, "ada"]);
  });

  it("ends where the store has lost what it was bound by", async () => {
    const app = world();
    const device = await bound(app);
    const load = app.memory.load.bind(app.memory);
    let isLost = false;
    app.memory.load = async (id, call) => {
      const stored = await load(id, call);
      return isLost && stored?.manager === "session:device" ? undefined : stored;
    };
    isLost = true;
    expect((await who(device.browser)).json).toBe("nobody");
    isLost = false;
    expect((await who(device.browser)).json).toBe("nobody");
  });

  it("is no other user's who signs in on the same device", async () => {
    const app = world();
    const device = await bound(app);
    const ada = device.browser.copy();
    await device.bind("bob");
    expect((await who(device.browser)).json).toBe("bob");
    ada.jar.set(BOUND, device.browser.jar.get(BOUND) ?? "");
    expect((await who(ada)).json).toBe("nobody");
  });

  it("lets the browser forget its part at the sign-out, and hear that there is none", async () => {
    const app = world();
    const device = await bound(app);
    const { cookies } = await device.browser.visit((session) => session.signOut(), {
      headers: PAGE,
    });
    expect(cookies).toContain(
      "__Host-session-bound=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
    );
    expect(await (await device.refresh()).json()).toMatchObject({ continue: false });
  });
});

describe("a copied cookie", () => {
  /** With all of the browser's cookies of this moment. */
  async function copied(app: World): Promise<{ device: Device; thief: Browser }> {
    const device = await bound(app);
    return { device, thief: device.browser.copy() };
  }

  it("is refused within the age of the bound cookie, though all of them were copied [NIST 5.1 possession]", async () => {
    const app = world();
    const { device, thief } = await copied(app);
    app.clock.move(11 * MINUTE);
    await device.refresh();
    expect((await who(thief, {})).json).toBe("nobody");
    expect((await who(thief, FETCH)).status).toBe(403);
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("is refused at once without the bound cookie", async () => {
    const app = world();
    const { device, thief } = await copied(app);
    thief.jar.delete(BOUND);
    expect((await who(thief, {})).json).toBe("nobody");
    expect(app.told("proofMissing")).toMatchObject([{ reason: "copied", userId: "ada" }]);
    expect(app.told("rejected")).toMatchObject([{ reason: "unproven" }]);
    expect(app.told("revoked")).toEqual([]);
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("ends the session where that is wished", async () => {
    const app = world({ onMissing: "revoke" });
    const { device, thief } = await copied(app);
    thief.jar.delete(BOUND);
    await who(thief, {});
    expect(app.told("revoked")).toMatchObject([{ userId: "ada" }]);
    expect((await who(device.browser)).json).toBe("nobody");
  });

  it.each<[string, Record<string, string>]>([
    ["a link from elsewhere", LINK],
    ["a page's own fetch", FETCH],
    ["a page", PAGE],
    ["a browser that could not refresh", { ...PAGE, "secure-session-skipped": "unreachable" }],
    ["a prefetch", { ...PAGE, "sec-purpose": "prefetch" }],
  ])("gets nothing by passing for %s, and signs nobody out", async (_what, headers) => {
    const app = world({ onMissing: "revoke" });
    const { device, thief } = await copied(app);
    thief.jar.delete(BOUND);
    for (let tries = 0; tries < 3; tries += 1) {
      const { text } = await who(thief, headers);
      expect(text).not.toContain("ada");
    }
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("gets nothing by a bound cookie of its own", async () => {
    const app = world();
    const { thief } = await copied(app);
    for (const value of [randomToken(), "", "x", `${randomToken()}; ${BOUND}=${randomToken()}`]) {
      thief.jar.set(BOUND, value);
      expect((await who(thief, PAGE)).text).not.toContain("ada");
    }
  });
});

describe("a page that comes without its proof", () => {
  it.each<[string, Record<string, string>]>([
    ["from elsewhere", LINK],
    ["from a sibling", { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }],
    ["as its user typed it", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
  ])("is asked for again, %s, with nothing lost", async (_how, headers) => {
    const app = world();
    const device = await bound(app);
    device.forget();
    const answer = await who(device.browser, headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("refresh")).toBe("0");
    expect(answer.headers.get("cache-control")).toContain("no-store");
    expect(answer.text).not.toBe("");
    // It came for the same reason again meanwhile, in another tab.
    expect((await who(device.browser, headers)).headers.get("refresh")).toBe("0");
    await device.refresh();
    const { json, cookies } = await who(device.browser);
    expect(json).toBe("ada");
    expect(cookies).toEqual([`${TRIED}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`]);
    expect(app.told("proofMissing", "rejected", "revoked")).toEqual([]);
  });

  it("is asked for once, and shown to nobody in particular after that", async () => {
    const app = world();
    const device = await bound(app);
    device.forget();
    expect((await who(device.browser)).headers.get("refresh")).toBe("0");
    const answer = await who(device.browser);
    expect([answer.status, answer.json, answer.headers.get("refresh")]).toEqual([
      200,
      "nobody",
      null,
    ]);
    expect(app.told("proofMissing")).toMatchObject([{ reason: "lost" }]);
    await device.bind("ada");
    expect((await who(device.browser)).json).toBe("ada");
  });

  it("is asked for again though the answer was to be kept, shown elsewhere or sent as a file", async () => {
    const app = world();
    const device = await bound(app);
    device.forget();
    const page = await device.browser.request(
      async (request) => {
        const { status = 200 } = await app.sessions.open(request).catch((error) => error);
        return new Response("One moment.", {
          status,
          headers: { "cache-control": "max-age=60", location: "/sign-in", refresh: "5" },
        });
      },
      { headers: LINK },
    );
    expect([page.status, page.text]).toEqual([403, "One moment."]);
    expect(page.headers.get("refresh")).toBe("0");
    expect(page.headers.get("location")).toBeNull();
    expect(page.headers.get("cache-control")).toBe("no-store");
  });

  it("is asked for again with the bound cookie gone, where that is older than it should be", async () => {
    const app = world();
    const device = await bound(app);
    // As the clock of the device was set back by an hour.
    app.clock.move(20 * MINUTE);
    const answer = await who(device.browser);
    expect([answer.status, answer.headers.get("refresh")]).toEqual([403, "0"]);
    expect(device.browser.jar.has(BOUND)).toBe(false);
    await device.refresh();
    expect((await who(device.browser)).json).toBe("ada");
  });
});

describe("what is no page, and comes without its proof", () => {
  it.each<[string, Record<string, string>, string]>([
    ["a page's fetch", FETCH, "GET"],
    ["a fetch from elsewhere", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" }, "GET"],
    ["a web socket", { "sec-fetch-site": "same-origin", "sec-fetch-mode": "websocket" }, "GET"],
    ["a web socket of Chromium's", { "sec-websocket-version": "13" }, "GET"],
    ["a form", PAGE, "POST"],
    ["a form from elsewhere", LINK, "POST"],
  ])("is refused, with its session untouched: %s", async (_what, headers, method) => {
    const app = world({ onMissing: "revoke" });
    const device = await bound(app);
    device.forget();
    const answer = await device.browser.visit((session) => session.set("seen", true), {
      headers,
      method,
    });
    expect([answer.status, answer.headers.get("refresh"), answer.cookies]).toEqual([403, null, []]);
    expect(app.told("rejected", "revoked", "proofMissing")).toEqual([]);
    await device.refresh();
    expect((await who(device.browser)).json).toBe("ada");
  });

  it.each(["unreachable", "server_error", "quota_exceeded"])(
    "is to come later where the browser says %s",
    async (why) => {
      const app = world({ onMissing: "revoke" });
      const device = await bound(app);
      device.forget();
      const headers = {
        ...PAGE,
        "secure-session-skipped": `${why};session_identifier="${device.id}"`,
      };
      const answer = await who(device.browser, headers);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
      expect(app.told("rejected", "revoked", "proofMissing")).toEqual([]);
    },
  );

  it("is an error that the application can tell", async () => {
    const app = world();
    const device = await bound(app);
    device.forget();
    const { json } = await device.browser.request(
      async (request) => {
        const error = await app.sessions.open(request).catch((failure: unknown) => failure);
        const { code, reason } = error as DeviceProofError;
        return Response.json([error instanceof DeviceProofError, code, reason]);
      },
      { headers: FETCH },
    );
    expect(json).toEqual([true, "ERR_SESSION_DEVICE", "blocked"]);
  });
});

describe("where headers tell nothing of a request", () => {
  /** A proxy that lets no Sec-Fetch-* through, at the registration or since. */
  async function behindProxy(app: World): Promise<Device> {
    const device = new Device(app.browser());
    device.metadata = {};
    await device.bind();
    await who(device.browser, {});
    app.clock.move(2 * MINUTE);
    device.forget();
    return device;
  }

  const HTML = { accept: "text/html,application/xhtml+xml" };

  it("no theft is suspected, and a page is asked for again", async () => {
    const app = world({ onMissing: "revoke" });
    const device = await behindProxy(app);
    expect((await who(device.browser, HTML)).headers.get("refresh")).toBe("0");
    expect((await who(device.browser, { accept: "*/*" })).status).toBe(403);
    await device.refresh();
    expect((await who(device.browser, HTML)).json).toBe("ada");
    expect(app.told("proofMissing", "revoked")).toEqual([]);
  });
});

describe("deviceBound", () => {
  it.each<[string, object]>([
    ["deviceBound.path", { path: "dbsc" }],
    ["deviceBound.path", { path: "/dbsc/" }],
    ["deviceBound.path", { path: '/"x' }],
    ["deviceBound.maxAge", { maxAge: "30s" }],
    ["deviceBound.maxAge", { maxAge: "2h" }],
    ["deviceBound.required", { required: "yes" }],
    ["deviceBound.onMissing", { onMissing: "ignore" }],
    ["deviceBound.origin", { origin: "http://shop.example" }],
    ["deviceBound.origin", { origin: "https://shop.example/" }],
    ["deviceBound.maxage", { maxage: "10m" }],
  ])("refuses a wrong %s", (option, options) => {
    expect(() => deviceBound(options)).toThrow(option);
  });

  it("needs sessions in a store of ours", () => {
    const protections = [deviceBound()];
    const inCookies = {
      store: cookieStore({
        revocations: "none: a copied cookie works until it expires, signed out or not",
      }),
      keys: [randomToken()],
      protections,
    } as const;
    expect(() => createSessions(inCookies)).toThrow(/deviceBound needs sessions in a store/);
    const shared = { store: flaskSessions({ secretKey: "x".repeat(32) }), protections };
    expect(() => createSessions(shared as never)).toThrow(/deviceBound needs sessions in a store/);
    expect(() => createSessions({ store: memoryStore(), protections })).not.toThrow();
  });

  it("holds for who is remembered, though the wish came after the binding", async () => {
    const app = world();
    const device = await bound(app);
    await device.browser.visit(
      (session) => {
        session.persistent = true;
      },
      { headers: PAGE },
    );
    app.clock.move(10 * DAY + HOUR);
    expect((await who(device.browser, FETCH)).status).toBe(403);
    await device.refresh();
    expect((await who(device.browser)).json).toBe("ada");
  });
});
