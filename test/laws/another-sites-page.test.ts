import { describe, expect, it } from "vitest";
import { resolveAddress } from "../../src/cookies/transport.ts";
import { CrossSiteRule } from "../../src/core/request/cross-site.ts";
import { WebHead } from "../../src/core/request-head.ts";
import { CrossSiteError, createSessions, memoryStore } from "../../src/index.ts";
import { World } from "./support/world.ts";

type Headers = Record<string, string>;

const UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "post"] as const;
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"] as const;

const FOREIGN: readonly (readonly [string, Headers])[] = [
  ["another site, as the browser says", { "sec-fetch-site": "cross-site" }],
  ["a sibling of the same site", { "sec-fetch-site": "same-site" }],
  ["a value that no browser knows yet", { "sec-fetch-site": "same-party" }],
  ["an empty Sec-Fetch-Site", { "sec-fetch-site": "" }],
  ["Sec-Fetch-Site in other letters", { "sec-fetch-site": "Same-Origin" }],
  ["Sec-Fetch-Site twice", { "sec-fetch-site": "same-origin, same-origin" }],
  [
    "another site that the Origin does not show",
    { "sec-fetch-site": "cross-site", origin: "https://localhost" },
  ],
  ["another origin", { origin: "https://evil.example" }],
  ["an opaque origin", { origin: "null" }],
  ["two origins", { origin: "https://localhost, https://evil.example" }],
  ["its own origin twice", { origin: "https://localhost https://localhost" }],
  ["no origin at all", { origin: "" }],
  ["an origin with a path", { origin: "https://localhost/" }],
  ["an origin with a user", { origin: "https://localhost@evil.example" }],
  ["a host that begins as its own", { origin: "https://localhost.evil.example" }],
  ["a host that ends as its own", { origin: "https://evil-localhost" }],
  ["another port", { origin: "https://localhost:8443" }],
  ["plain HTTP, where anyone on the way writes pages", { origin: "http://localhost" }],
  ["an extension", { origin: "chrome-extension://localhost" }],
];

const OWN: readonly (readonly [string, Headers])[] = [
  ["its own page", { "sec-fetch-site": "same-origin", origin: "https://localhost" }],
  ["its own page, whatever a proxy makes of the rest", { "sec-fetch-site": "same-origin" }],
  ["the visitor, by the address bar", { "sec-fetch-site": "none" }],
  ["its own page in an older browser", { origin: "https://localhost" }],
  ["no browser", {}],
];

/** Who is signed in, what becomes of a request that wants to change something. */
async function signedIn(options = {}) {
  const world = new World(options);
  const browser = world.browser();
  await browser.visit((session) => session.signIn("ada"));
  world.heard.length = 0;
  return { world, browser };
}

describe("what another site's page sends in the visitor's name", () => {
  it.each(FOREIGN)(
    "gets no session: %s [CVE-2026-22030] [ASVS 3.5.1, ASVS 3.5.3]",
    async (_, headers) => {
      const { world, browser } = await signedIn();
      for (const method of ["POST", "PUT", "DELETE"]) {
        const answer = await browser.visit((session) => session.set("pwned", true), {
          method,
          headers,
        });
        expect(answer.status).toBe(403);
        expect(answer.text).toContain("did not come from a page of this site");
        expect(answer.cookies).toEqual([]);
      }
      const told = world.heard.map(({ name, reason, path }) => ({ name, reason, path }));
      expect(told).toEqual(Array(3).fill({ name: "refused", reason: "site", path: "/" }));
      expect((await browser.visit((session) => session.get("pwned") ?? null)).json).toBe(null);
    },
  );

  it.each(OWN)("is not what comes from %s", async (_, headers) => {
    const { world, browser } = await signedIn();
    const answer = await browser.visit((session) => session.update("n", () => 1), {
      method: "POST",
      headers,
    });
    expect(answer.json).toBe(1);
    expect(world.heard).toEqual([]);
  });

  it.each([
    ["urlencoded", "application/x-www-form-urlencoded"],
    ["multipart", "multipart/form-data; boundary=x"],
    ["plain text", "text/plain"],
    ["JSON", "application/json"],
    ["nothing said", ""],
  ])("is refused whatever its body is: %s [ASVS 3.5.2]", async (_, type) => {
    const { browser } = await signedIn();
    const headers = {
      "sec-fetch-site": "cross-site",
      ...(type === "" ? {} : { "content-type": type }),
    };
    expect((await browser.visit(() => "in", { method: "POST", headers })).status).toBe(403);
  });

  it("cannot call itself a GET, in a header or in the address", async () => {
    const { browser } = await signedIn();
    const headers = { "sec-fetch-site": "cross-site", "x-http-method-override": "GET" };
    const visit = { method: "POST", headers, path: "/?_method=GET" };
    expect((await browser.visit(() => "in", visit)).status).toBe(403);
  });

  it("signs nobody in, so that nobody works in an attacker's account [ASVS 7.6.2]", async () => {
    const world = new World();
    const victim = world.browser();
    const visit = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    expect((await victim.visit((session) => session.signIn("mallory"), visit)).status).toBe(403);
    expect(victim.jar.size).toBe(0);
    expect((await victim.visit((session) => session.userId ?? null)).json).toBe(null);
  });

  it("asks the store nothing, whoever's cookie comes with it", async () => {
    const { world, browser } = await signedIn();
    const asked = world.switch.calls.length;
    const visit = { method: "POST", headers: { origin: "https://evil.example" } };
    expect((await browser.visit(() => "in", visit)).status).toBe(403);
    expect(world.switch.calls).toHaveLength(asked);
  });

  it("ends no process where a handler does not wait for its session", async () => {
    const { browser } = await signedIn();
    const visit = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    const answer = await browser.request((request) => {
      void browser.sessions.open(request);
      return new Response("done");
    }, visit);
    // Vitest fails the run for a rejection that nobody handles.
    await new Promise((resolve) => setImmediate(resolve));
    expect(answer.text).toBe("done");
  });
});

describe("a WebSocket", () => {
  const upgrade = { upgrade: "websocket", connection: "Upgrade" };

  it.each([
    ["by its header", { upgrade: "WebSocket" } as Headers],
    ["as the browser says", { "sec-fetch-mode": "websocket" } as Headers],
  ])("of another site's page gets no session: %s [ASVS 4.4.2]", async (_, headers) => {
    const { world, browser } = await signedIn();
    const foreign = { ...headers, origin: "https://evil.example" };
    expect((await browser.visit(() => "in", { headers: foreign })).status).toBe(403);
    const cookie = `__Host-Http-session=${browser.token}`;
    const request = new Request("https://localhost/live", { headers: { cookie, ...foreign } });
    expect(await world.sessions.read(request)).toBeUndefined();
    expect(world.heard.map(({ name }) => name)).toEqual(["refused", "refused"]);
  });

  it("of the application's own page is read, and so is that of no browser", async () => {
    const { world, browser } = await signedIn();
    const cookie = `__Host-Http-session=${browser.token}`;
    for (const headers of [{ origin: "https://localhost" }, {}]) {
      const request = new Request("https://localhost/live", {
        headers: { cookie, ...upgrade, ...headers },
      });
      expect((await world.sessions.read(request))?.userId).toBe("ada");
    }
  });
});

describe("exceptions", () => {
  const trusted = { crossSite: { trustedOrigins: ["https://accounts.example"] } } as const;

  it("are made for origins that are named, letter by letter", async () => {
    const { browser } = await signedIn(trusted);
    const post = (headers: Headers) => browser.visit(() => "in", { method: "POST", headers });
    const site = { "sec-fetch-site": "cross-site" };
    expect((await post({ ...site, origin: "https://accounts.example" })).json).toBe("in");
    expect((await post({ origin: "https://accounts.example" })).json).toBe("in");
    for (const origin of [
      "http://accounts.example",
      "https://accounts.example:444",
      "https://accounts.example.evil.example",
      "https://evil.example",
    ]) {
      expect((await post({ ...site, origin })).status).toBe(403);
      expect((await post({ origin })).status).toBe(403);
    }
    expect((await post(site)).status).toBe(403);
  });

  it("are made for whoever checks it elsewhere, and a route may refuse all the same", async () => {
    const { browser } = await signedIn({ crossSite: "allow" });
    const visit = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    expect((await browser.visit(() => "in", visit)).json).toBe("in");
    const answer = await browser.request(async (request) => {
      await browser.sessions.open(request, { crossSite: "refuse" });
      return new Response("in");
    }, visit);
    expect(answer.status).toBe(403);
  });

  it("are made by a route for itself: who asks in its own words is judged", async () => {
    const { browser } = await signedIn();
    const visit = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    const answer = await browser.request(async (request) => {
      const open = (options?: { crossSite: "allow" }) =>
        browser.sessions.open(request, options).then(
          ({ userId }) => userId,
          (error: unknown) => (error instanceof CrossSiteError ? error.code : error),
        );
      const allowed = { crossSite: "allow" } as const;
      // A middleware before it has been refused; one after it, which knows nothing of it, is too.
      return Response.json([await open(), await open(allowed), await open(), await open(allowed)]);
    }, visit);
    const refused = "ERR_SESSION_CROSS_SITE";
    expect(answer.json).toEqual([refused, "ada", refused, "ada"]);
  });

  it.each([
    [{ crossSite: "alow" }, "crossSite"],
    [{ crossSite: true }, "crossSite"],
    [{ crossSite: { origins: [] } }, "trustedOrigins"],
    [{ crossSite: { trustedOrigins: "https://a.example" } }, "must be a list"],
    [{ crossSite: { trustedOrigins: ["https://a.example/"] } }, "no path"],
    [{ crossSite: { trustedOrigins: ["https://a.example/path"] } }, "no path"],
    [{ crossSite: { trustedOrigins: ["https://A.example"] } }, "lower case"],
    [{ crossSite: { trustedOrigins: ["https://a.example:443"] } }, "usual"],
    [{ crossSite: { trustedOrigins: ["a.example"] } }, "scheme"],
    [{ crossSite: { trustedOrigins: ["https://*.example"] } }, "no origin"],
    [{ crossSite: { trustedOrigins: ["null"] } }, "no origin"],
    [{ crossSite: { trustedOrigins: [7] } }, "no origin"],
    [{ csrf: true }, "crossSite"],
    [{ trustedOrigins: [] }, "crossSite"],
  ])("that are misspelt are refused at once: %j", (options, words) => {
    const make = () => createSessions({ store: memoryStore(), ...(options as object) });
    expect(make).toThrow(words);
  });

  it("of a route that are misspelt are refused", async () => {
    const { browser } = await signedIn();
    const answer = await browser.request(async (request) => {
      const options = { crossSite: "alow" } as unknown as { crossSite: "allow" };
      await browser.sessions.open(request, options);
      return new Response("in");
    });
    expect(answer.status).toBe(500);
  });
});

describe("where the browser believes to be", () => {
  const judged = (
    trust: "all" | readonly string[] | undefined,
    url: string,
    headers: Headers,
    peer = "10.0.0.7",
  ) => {
    const rule = new CrossSiteRule(undefined, resolveAddress(trust));
    const request = new Request(url, { method: "POST", headers });
    return rule.refusalOf(new WebHead(request, peer)) === undefined ? "own" : "foreign";
  };
  const forwarded = { "x-forwarded-host": "shop.example", "x-forwarded-proto": "https" };

  it("is told by a proxy that is trusted, and by no other", () => {
    const inside = "http://app.internal:3000/";
    const headers = { ...forwarded, origin: "https://shop.example" };
    expect(judged(["10.0.0.7"], inside, headers)).toBe("own");
    expect(judged("all", inside, headers)).toBe("own");
    expect(judged(undefined, inside, headers)).toBe("foreign");
    expect(judged(["10.0.0.8"], inside, headers)).toBe("foreign");
    // What the proxy was asked for counts in place of what it asked for itself.
    expect(judged("all", inside, { ...forwarded, origin: "http://app.internal:3000" })).toBe(
      "foreign",
    );
    const chain = { ...headers, "x-forwarded-host": "shop.example, proxy.internal" };
    expect(judged("all", inside, chain)).toBe("own");
  });

  it("counts with its scheme where the connection is known to be encrypted", () => {
    const plain = { origin: "http://shop.example" };
    expect(judged(undefined, "https://shop.example/", plain)).toBe("foreign");
    expect(judged("all", "http://shop.example/", { ...forwarded, ...plain })).toBe("foreign");
    expect(judged(undefined, "http://shop.example/", plain)).toBe("own");
    // A proxy that ends TLS and is not believed.
    expect(judged(undefined, "http://shop.example/", { origin: "https://shop.example" })).toBe(
      "own",
    );
  });

  it("counts without the usual port, which some proxies name", () => {
    const origin = "https://shop.example";
    const named = { "x-forwarded-host": "Shop.Example:443", "x-forwarded-proto": "https", origin };
    expect(judged("all", "http://app.internal/", named)).toBe("own");
    expect(
      judged("all", "http://app.internal/", { ...named, "x-forwarded-host": "shop.example:80" }),
    ).toBe("foreign");
  });
});

describe("a safe request", () => {
  const rule = new CrossSiteRule(undefined, () => expect.unreachable("the address was asked for"));
  const head = (method: string, header: (name: string) => string | undefined) => ({
    method,
    target: "/",
    header,
    isEncrypted: true,
    remoteAddress: undefined,
  });

  it.each(SAFE)("is none that anybody refuses: %s", (method) => {
    const foreign: Headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    expect(rule.refusalOf(head(method, (name) => foreign[name]))).toBeUndefined();
  });

  it.each(UNSAFE)("is not by method: %s", (method) => {
    const foreign: Headers = { "sec-fetch-site": "cross-site" };
    expect(rule.refusalOf(head(method, (name) => foreign[name]))).toBeInstanceOf(CrossSiteError);
  });
});

describe("the error", () => {
  it("says who has sent it and what to do, in one line, with no cookie in it", async () => {
    const { browser } = await signedIn();
    let caught: unknown;
    const answer = await browser.request(
      async (request) => {
        await browser.sessions.open(request).catch((error: unknown) => {
          caught = error;
        });
        return new Response("");
      },
      { method: "POST", headers: { origin: `https://evil.example/${"x".repeat(2_000)}` } },
    );
    expect(answer.status).toBe(200);
    expect(caught).toBeInstanceOf(CrossSiteError);
    const { message, status, reason } = caught as CrossSiteError;
    expect({ status, reason }).toEqual({ status: 403, reason: "site" });
    expect(message).toMatch(
      /^Refused a POST that another site's page has sent \(Origin https:\/\/evil/,
    );
    expect(message).not.toMatch(/[\n\r]/);
    expect(message.length).toBeLessThan(800);
    expect(message).not.toContain(browser.token);
  });
});
