import { beforeEach, describe, expect, it } from "vitest";
import {
  beginCallback,
  type FinishCallbackOptions,
  finishCallback,
} from "../../src/cookies/callbacks/index.ts";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../src/index.ts";
import { deviceBound } from "../../src/security/dbsc/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { newKey } from "../cookies/support/cookie-world.ts";
import { type Answer, Browser } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";
import { yielding } from "../laws/support/wrapped-store.ts";
import { BOUND, Device } from "./dbsc/support/device.ts";

const SESSION = "__Host-Http-session";
const COOKIE = "__Host-Http-session-callback";
const SAML = { purpose: "saml" };
/** The other site's form. */
const FOREIGN = { "sec-fetch-site": "cross-site", origin: "https://idp.example" };
const OWN = { "sec-fetch-site": "same-origin" };

let world: World;

beforeEach(() => {
  world = new World();
});

/** What the visitor is sent away with. */
async function begin(browser: Browser, options = {}): Promise<string> {
  const answer = await browser.request(async (request) => {
    const state = await beginCallback(browser.sessions, request, { ...SAML, ...options });
    return new Response(state);
  });
  expect(answer.status).toBe(200);
  return answer.text;
}

interface Return {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly options?: Partial<FinishCallbackOptions>;
  /** Who has proved who they are there. */
  readonly user?: string;
}

/** Sends the visitor back. */
function comeBack(
  browser: Browser,
  state: unknown,
  { headers = FOREIGN, method = "POST", options = {}, user }: Return = {},
): Promise<Answer> {
  const { sessions } = browser;
  return browser.request(
    async (request) => {
      const finished = await finishCallback(sessions, request, state, { ...SAML, ...options });
      if (!finished.ok) return Response.json({ reason: finished.reason });
      const { session, data } = finished;
      const came = { user: session.userId ?? null, cart: session.get("cart") ?? null, data };
      if (user !== undefined) await session.signIn(user);
      return Response.json(came);
    },
    { method, headers },
  );
}

/** Another site's form brings the cookies that are SameSite=None, and no other ones. */
function withoutLax(browser: Browser): Browser {
  const jar = [...browser.jar].filter(([name]) => name !== SESSION);
  return new Browser(browser.sessions, jar);
}

async function shopper(): Promise<Browser> {
  const browser = world.browser();
  await browser.visit((session) => session.set("cart", ["mug"]));
  return browser;
}

const standing = async (browser: Browser): Promise<unknown> =>
  (
    await browser.visit((session) => ({
      user: session.userId ?? null,
      cart: session.get("cart") ?? null,
    }))
  ).json;

describe("what this browser has begun", () => {
  it("is finished by another site's form: the session goes on that did not come with it [ASVS 7.6.2]", async () => {
    const browser = await shopper();
    const old = browser.copy();
    const data = { returnTo: "/cart", requestId: "_7" };
    const state = await begin(browser, { data });
    const returning = withoutLax(browser);
    const answer = await comeBack(returning, state, { user: "ada" });
    expect(answer.json).toEqual({ user: null, cart: ["mug"], data });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await standing(returning)).toEqual({ user: "ada", cart: ["mug"] });
    // What the browser held before is dead.
    world.clock.move(60_000);
    expect(await standing(old)).toEqual({ user: null, cart: null });
  });

  it("is finished where the session's cookie came along, too: a link, a redirect", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    const answer = await comeBack(browser, state, { method: "GET", user: "ada" });
    expect(answer.json).toEqual({ user: null, cart: ["mug"], data: {} });
    expect(await standing(browser)).toEqual({ user: "ada", cart: ["mug"] });
  });

  it("is finished for a stranger, who has no session until then", async () => {
    const browser = world.browser();
    const state = await begin(browser);
    expect([...browser.jar.keys()]).toEqual([COOKIE]);
    expect((await comeBack(browser, state, { user: "ada" })).json).toMatchObject({ user: null });
    expect(await standing(browser)).toEqual({ user: "ada", cart: null });
  });

  it("is finished for who was signed in meanwhile and links an account", async () => {
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada"));
    const returning = withoutLax(browser);
    const state = await begin(browser);
    for (const [name, value] of withoutLax(browser).jar) returning.jar.set(name, value);
    expect((await comeBack(returning, state)).json).toMatchObject({ user: "ada" });
    expect(await standing(returning)).toMatchObject({ user: "ada" });
  });

  it("begins anew where the session has ended meanwhile", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    const returning = withoutLax(browser);
    await browser.visit((session) => session.destroy());
    expect((await comeBack(returning, state, { user: "ada" })).json).toMatchObject({ cart: null });
    expect(await standing(returning)).toEqual({ user: "ada", cart: null });
  });

  it.each([
    ["goes on", undefined],
    ["has ended meanwhile", "load"],
    ["ends at that moment", "create"],
  ])("takes along what its request has set before, where the session %s", async (_, endsAt) => {
    const browser = await shopper();
    const state = await begin(browser);
    const returning = withoutLax(browser);
    const { sessions } = browser;
    world.switch.behave = async (operation, send) => {
      if (operation !== endsAt) return send();
      world.switch.behave = (_operation, go) => go();
      await browser.visit((session) => session.destroy());
      return send();
    };
    await returning.request(
      async (request) => {
        const session = await sessions.open(request, { crossSite: "allow" });
        session.set("theme", "dark");
        await finishCallback(sessions, request, state, SAML);
        return new Response();
      },
      { method: "POST", headers: FOREIGN },
    );
    const { json } = await returning.visit((session) => Object.fromEntries(session.entries()));
    const cart = endsAt === undefined ? { cart: ["mug"] } : {};
    expect(json).toEqual({ ...cart, theme: "dark" });
  });

  it("signs in where the session's data opens by its token alone, and leaves them behind", async () => {
    const store = encrypted(memoryStore(), newKey(), { bindTo: "token" });
    world = new World({ store });
    const browser = await shopper();
    const state = await begin(browser, { data: { returnTo: "/" } });
    const returning = withoutLax(browser);
    const answer = await comeBack(returning, state, { user: "ada" });
    expect(answer.json).toEqual({ user: null, cart: null, data: { returnTo: "/" } });
    expect(await standing(returning)).toEqual({ user: "ada", cart: null });
  });

  it("is finished once, of all who come at the same moment, in two processes", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    world.switch.behave = yielding;
    const other = world.process();
    const all = Array.from({ length: 12 }, (_, index) =>
      comeBack(withoutLax(index % 2 === 0 ? browser : browser.copy(other)), state),
    );
    const answers = (await Promise.all(all)).map(({ json }) => json as { reason?: string });
    expect(answers.filter(({ reason }) => reason === undefined)).toHaveLength(1);
    expect(answers.filter(({ reason }) => reason === "used")).toHaveLength(11);
  });

  it("is several things in several tabs, by one cookie", async () => {
    const browser = await shopper();
    const states = [await begin(browser), await begin(browser, { purpose: "pay" })];
    expect([...browser.jar.keys()].sort()).toEqual([SESSION, COOKIE].sort());
    const returning = withoutLax(browser);
    expect((await comeBack(returning, states[0])).json).toMatchObject({ cart: ["mug"] });
    const options = { purpose: "pay" };
    expect((await comeBack(returning, states[1], { options })).json).toMatchObject({
      cart: ["mug"],
    });
  });

  it("opens its session to whoever asks in the same request, and only then", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    const opened = async (given: unknown): Promise<unknown> => {
      const answer = await withoutLax(browser).request(
        async (request) => {
          await finishCallback(browser.sessions, request, given, SAML);
          const session = await browser.sessions.open(request);
          return Response.json(session.get("cart"));
        },
        { method: "POST", headers: FOREIGN },
      );
      return answer.status === 200 ? answer.json : answer.status;
    };
    expect(await opened("x".repeat(43))).toBe(403);
    expect(await opened(state)).toEqual(["mug"]);
  });
});

describe("what this browser has not begun is not finished", () => {
  it("where somebody has planted it (login CSRF) [ASVS 7.6.2]", async () => {
    const mallory = world.browser();
    const planted = await begin(mallory);
    const victim = await shopper();
    expect((await comeBack(victim, planted)).json).toEqual({ reason: "otherBrowser" });
    // Who has begun something themselves, too.
    await begin(victim);
    expect((await comeBack(victim, planted)).json).toEqual({ reason: "otherBrowser" });
    expect((await comeBack(withoutLax(victim), planted)).json).toEqual({ reason: "otherBrowser" });
    // It is not used up by that.
    expect((await comeBack(mallory, planted)).json).toMatchObject({ user: null });
    expect(world.heard.filter(({ name }) => name === "refused")).toHaveLength(3);
  });

  it.each<[string, unknown, object]>([
    ["malformed", "no state", {}],
    ["malformed", undefined, {}],
    ["malformed", ["x"], {}],
    ["unknown", "A".repeat(43), {}],
  ])("where it is %s", async (reason, state, options) => {
    const browser = await shopper();
    await begin(browser);
    expect((await comeBack(browser, state, { options })).json).toEqual({ reason });
  });

  it("where it is for something else, too old, used or another manager's", async () => {
    const browser = await shopper();
    const state = await begin(browser, { ttl: "5m" });
    const options = { purpose: "pay" };
    expect((await comeBack(browser, state, { options })).json).toEqual({ reason: "purpose" });
    const late = await begin(browser, { ttl: "5m" });
    world.clock.move(300_000 - 1);
    expect((await comeBack(browser, state)).json).toMatchObject({ cart: ["mug"] });
    expect((await comeBack(browser, state)).json).toEqual({ reason: "used" });
    world.clock.move(1);
    expect((await comeBack(browser, late)).json).toEqual({ reason: "expired" });
    const other = new World({ name: "admin" }).browser();
    expect((await comeBack(other, late)).json).toEqual({ reason: "unknown" });
  });

  it("in a prefetch, which uses nothing up", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    const headers = { "sec-purpose": "prefetch" };
    expect((await comeBack(browser, state, { method: "GET", headers })).status).toBe(503);
    expect((await comeBack(browser, state)).json).toMatchObject({ cart: ["mug"] });
  });
});

describe("a link in a mail, opened in another browser", () => {
  const accept: Partial<FinishCallbackOptions> = { otherBrowser: "accept" };

  it("says so, and goes on there where the visitor confirms it on a page of the application", async () => {
    const desk = await shopper();
    const state = await begin(desk, { data: { email: "ada@example.com" } });
    const phone = world.browser();
    const link = { method: "GET", headers: { "sec-fetch-site": "cross-site" } };
    expect((await comeBack(phone, state, link)).json).toEqual({ reason: "otherBrowser" });
    // A link cannot accept it, nor can another site's form.
    for (const visit of [link, { method: "GET", headers: OWN }, { headers: FOREIGN }]) {
      const answer = await comeBack(phone, state, { ...visit, options: accept });
      expect(answer.json).toEqual({ reason: "otherBrowser" });
    }
    const answer = await comeBack(phone, state, { headers: OWN, options: accept, user: "ada" });
    // The cart stays where it is.
    expect(answer.json).toEqual({ user: null, cart: null, data: { email: "ada@example.com" } });
    expect(await standing(phone)).toEqual({ user: "ada", cart: null });
    expect(await standing(desk)).toEqual({ user: null, cart: ["mug"] });
    expect((await comeBack(desk, state)).json).toEqual({ reason: "used" });
  });
});

describe("what lies where", () => {
  it("is a cookie for other sites' forms, of a random text", async () => {
    const browser = world.browser();
    const answer = await browser.request(
      async (request) => new Response(await beginCallback(world.sessions, request, SAML)),
    );
    expect(answer.cookies).toEqual([
      expect.stringMatching(
        /^__Host-Http-session-callback=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=None; Max-Age=3600; Expires=[^;]+$/,
      ),
    ]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("is two of them at localhost in development, as the one needs HTTPS or a kind browser", async () => {
    const { sessions } = world;
    const request = new Request("http://localhost:3000/", { headers: {} });
    const response = await sessions.handle(
      request,
      async () => new Response(await beginCallback(sessions, request, SAML)),
      { remoteAddress: "127.0.0.1" },
    );
    const lines = response.headers
      .getSetCookie()
      .map((line) => line.replace(/=[\w-]{43}|; Max-Age.*/g, ""));
    expect(lines).toEqual([
      "session-callback; Path=/; HttpOnly; SameSite=Lax",
      "__Host-Http-session-callback; Path=/; Secure; HttpOnly; SameSite=None",
    ]);
  });

  it("is no secret in the store, and nothing once it is over", async () => {
    const browser = await shopper();
    const state = await begin(browser);
    const secret = browser.jar.get(COOKIE) ?? expect.unreachable();
    const call = { now: world.clock.now(), signal: new AbortController().signal };
    const page = { manager: "session:callback", after: undefined, limit: 9 };
    const records = await world.memory.directory.scan(page, call);
    const text = JSON.stringify(records);
    expect(text).toContain("saml");
    for (const hidden of [state, secret, browser.token ?? ""]) expect(text).not.toContain(hidden);
    expect(await world.sessions.count()).toBe(1);
  });
});

describe("slips", () => {
  it.each<[string, object]>([
    ["purpose", {}],
    ["purpose", { purpose: "" }],
    ["ttl", { ...SAML, ttl: "2h" }],
    ["ttl", { ...SAML, ttl: "soon" }],
    ["data", { ...SAML, data: [] }],
    ["beginCallback.until", { ...SAML, until: 1 }],
  ])("are refused with a sentence: %s of %j", async (words, options) => {
    const request = new Request("https://localhost/");
    const begun = beginCallback(world.sessions, request, options as typeof SAML);
    await expect(begun).rejects.toThrow(words);
  });

  it("are a request that no adapter has seen, and sessions that lie in cookies", async () => {
    const request = new Request("https://localhost/");
    await expect(beginCallback(world.sessions, request, SAML)).rejects.toThrow(
      "no session adapter",
    );
    await expect(finishCallback(world.sessions, request, "", SAML)).rejects.toThrow(
      "no session adapter",
    );
    const store = cookieStore({
      revocations: "none: a copied cookie works until it expires, signed out or not",
    });
    const sessions = createSessions<Untyped>({ store, keys: newKey() }) as Sessions<Untyped>;
    const answer = await new Browser(sessions).request(async (seen) => {
      const error = await beginCallback(sessions, seen, SAML).catch((thrown) => thrown);
      return new Response(String(error));
    });
    expect(answer.text).toContain("sessions in cookies remember nothing");
  });
});

describe("what was begun in a session that is bound to a device", () => {
  const NAVIGATION = { ...FOREIGN, "sec-fetch-mode": "navigate" };

  async function bound(): Promise<Device> {
    world = new World({ protections: [deviceBound()] });
    const device = await new Device(world.browser()).bind();
    await device.browser.visit((session) => session.set("cart", ["mug"]));
    world.clock.move(61_000);
    return device;
  }

  it("is not used up by a return that the browser is to make once more, with its proof", async () => {
    const device = await bound();
    const { browser } = device;
    const state = await begin(browser);
    device.forget();
    const asked = await comeBack(browser, state, { method: "GET", headers: NAVIGATION });
    expect([asked.status, asked.headers.get("refresh")]).toEqual([403, "0"]);
    await device.refresh();
    const returned = await comeBack(browser, state, { method: "GET", headers: NAVIGATION });
    expect(returned.json).toMatchObject({ user: "ada", cart: ["mug"] });
  });

  it("is finished by another site's form, which brings no proof: in a session of its own", async () => {
    const { browser } = await bound();
    const state = await begin(browser);
    const returning = withoutLax(browser);
    returning.jar.delete(BOUND);
    const answer = await comeBack(returning, state, { headers: NAVIGATION, user: "ada" });
    expect(answer.json).toEqual({ user: null, cart: null, data: {} });
    expect(await standing(returning)).toEqual({ user: "ada", cart: null });
    expect(await standing(browser)).toEqual({ user: "ada", cart: ["mug"] });
  });
});
