import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { issue, testClient, testClock } from "../../src/testing/index.ts";
import { listen } from "../frameworks/support/server.ts";
import { closeAll, onClose } from "../frameworks/support/shop.ts";

async function serve(
  handle: (req: IncomingMessage, res: ServerResponse) => unknown,
): Promise<string> {
  const { target, close } = await listen(createServer((req, res) => void handle(req, res)));
  onClose(() => close?.());
  return target;
}

/** What arrived, told back. */
async function echo(request: Request): Promise<Response> {
  return Response.json({
    url: request.url,
    method: request.method,
    body: await request.text(),
    cookie: request.headers.get("cookie"),
    type: request.headers.get("content-type"),
    authorization: request.headers.get("authorization"),
  });
}

/** A site that sets these cookies at `/set`, and echoes the rest. */
function setting(...lines: readonly string[]): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await echo(request);
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/set"))
      for (const line of lines) response.headers.append("Set-Cookie", line);
    return response;
  };
}

async function cookieSent(client: ReturnType<typeof testClient>, path = "/"): Promise<unknown> {
  return ((await (await client.get(path)).json()) as { cookie: unknown }).cookie;
}

afterEach(closeAll);

describe("testClient's requests", () => {
  it("go to an address, or to a handler at https://localhost", async () => {
    const address = await serve((req, res) => res.end(`${req.headers.host}${req.url}`));
    expect(await (await testClient(address).get("/a?b=c")).text()).toBe(
      `${new URL(address).host}/a?b=c`,
    );
    expect(await (await testClient(new URL(address)).get("/")).text()).toMatch(/\/$/);
    const answer = await testClient(echo).get("/a?b=c");
    expect(await answer.json()).toMatchObject({ url: "https://localhost/a?b=c", method: "GET" });
    expect(answer.url).toBe("https://localhost/a?b=c");
  });

  it("carry a form, JSON or a body as it is", async () => {
    const client = testClient(echo);
    const form = await client.post("/", { form: { name: "Ada Lovelace", q: "a&b" } });
    expect(await form.json()).toMatchObject({
      method: "POST",
      body: "name=Ada+Lovelace&q=a%26b",
      type: "application/x-www-form-urlencoded;charset=UTF-8",
    });
    const json = await client.put("/", { json: { cart: ["tea"] } });
    expect(await json.json()).toMatchObject({
      method: "PUT",
      body: '{"cart":["tea"]}',
      type: "application/json",
    });
    const own = await client.fetch("/", {
      method: "patch",
      body: "<p/>",
      headers: { "Content-Type": "text/xml" },
    });
    expect(await own.json()).toMatchObject({ method: "PATCH", body: "<p/>", type: "text/xml" });
    expect(await (await client.delete("/")).json()).toMatchObject({ method: "DELETE", body: "" });
    expect((await client.head("/")).status).toBe(200);
  });

  it("refuse two bodies at once", async () => {
    const request = testClient(echo).post("/", { form: { a: "1" }, json: { a: 1 } });
    await expect(request).rejects.toThrow(/one of form, json and body/);
  });

  it("carry the headers of the client, and its own before them", async () => {
    const client = testClient(
      (request) => new Response(`${request.headers.get("x-a")} ${request.headers.get("x-b")}`),
      { headers: { "X-A": "shared", "X-B": "shared" } },
    );
    expect(await (await client.get("/", { headers: { "x-b": "own" } })).text()).toBe("shared own");
  });

  it("can be aborted", async () => {
    const leaving = new AbortController();
    const never = testClient(() => new Promise<Response>(() => undefined));
    const request = never.get("/", { signal: leaving.signal });
    leaving.abort(new Error("The visitor left"));
    await expect(request).rejects.toThrow("The visitor left");
    await expect(never.get("/", { signal: leaving.signal })).rejects.toThrow("The visitor left");
  });

  it("reach a conditional answer", async () => {
    const address = await serve((req, res) => {
      const isFresh = req.headers["if-none-match"] === '"1"' && !req.headers["cache-control"];
      res.writeHead(isFresh ? 304 : 200).end();
    });
    const conditional = { headers: { "If-None-Match": '"1"' } };
    expect((await testClient(address).get("/", conditional)).status).toBe(304);
  });

  it("play the proxy in front of an address, where an origin is given", async () => {
    const address = await serve((req, res) => {
      res.setHeader("Set-Cookie", "sid=1; Path=/; Secure");
      const { "x-forwarded-proto": proto, "x-forwarded-host": host, cookie } = req.headers;
      res.end(`${proto} ${host} ${cookie ?? "none"}`);
    });
    const client = testClient(address, { origin: "https://shop.example" });
    expect(await (await client.get("/")).text()).toBe("https shop.example none");
    expect(await (await client.get("/")).text()).toBe("https shop.example sid=1");
    expect((await client.get("/a")).url).toBe("https://shop.example/a");
  });
});

describe("testClient's redirects", () => {
  const redirecting = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/from") return echo(request);
    return new Response(null, {
      status: Number(searchParams.get("status")),
      headers: { Location: "to", "Set-Cookie": "seen=1" },
    });
  };

  it.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [303, "HEAD", "HEAD", ""],
    [301, "PUT", "PUT", "body"],
    [302, "DELETE", "DELETE", "body"],
    [307, "POST", "POST", "body"],
    [308, "POST", "POST", "body"],
    [302, "GET", "GET", ""],
  ])("of %i turn %s into %s", async (status, method, followed, body) => {
    const client = testClient(redirecting);
    const seen: string[] = [];
    const spy = testClient(async (request) => {
      seen.push(request.method);
      return redirecting(request);
    });
    const hasBody = method !== "GET" && method !== "HEAD";
    const init = { method, ...(hasBody ? { body: "body" } : {}) };
    await spy.fetch(`/from?status=${status}`, init);
    expect(seen).toEqual([method, followed]);
    if (method === "HEAD") return;
    const response = await client.fetch(`/from?status=${status}`, init);
    expect(await response.json()).toMatchObject({
      url: "https://localhost/to",
      method: followed,
      body,
      cookie: "seen=1",
      type: body === "" ? null : "text/plain;charset=UTF-8",
    });
    expect(response.url).toBe("https://localhost/to");
  });

  it("are left alone where asked", async () => {
    const response = await testClient(redirecting).get("/from?status=302", { redirect: "manual" });
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("to");
  });

  it("are left alone without a Location", async () => {
    const response = await testClient(() => new Response(null, { status: 302 })).get("/");
    expect(response.status).toBe(302);
  });

  it("end at a limit", async () => {
    let requests = 0;
    const circle = (): Response => {
      requests += 1;
      return new Response(null, { status: 302, headers: { Location: "/" } });
    };
    await expect(testClient(circle).get("/")).rejects.toThrow("redirected more than 20 times");
    expect(requests).toBe(21);
    await expect(testClient(circle, { maxRedirects: 0 }).get("/")).rejects.toThrow("0 times");
  });

  it("to another origin lose the authorization and the other's cookies", async () => {
    const elsewhere = await serve((req, res) => {
      const { authorization = "none", cookie = "none" } = req.headers;
      res.end(`${authorization} ${cookie}`);
    });
    const there = new URL(elsewhere);
    there.hostname = "localhost";
    const home = await serve((_req, res) => {
      res.writeHead(307, { Location: there.href, "Set-Cookie": "home=1" }).end();
    });
    const client = testClient(home);
    const response = await client.get("/", { headers: { Authorization: "Basic x" } });
    expect(await response.text()).toBe("none none");
  });
});

describe("testClient's cookies", () => {
  it("travel from request to request", async () => {
    const client = testClient(setting("a=1; Path=/", "b=2; Path=/; HttpOnly; SameSite=Lax"));
    await client.get("/set");
    expect(await cookieSent(client)).toBe("a=1; b=2");
    expect(client.cookies()).toEqual([
      {
        name: "a",
        value: "1",
        domain: "localhost",
        path: "/",
        secure: false,
        httpOnly: false,
        sameSite: undefined,
        expiresAt: undefined,
      },
      {
        name: "b",
        value: "2",
        domain: "localhost",
        path: "/",
        secure: false,
        httpOnly: true,
        sameSite: "lax",
        expiresAt: undefined,
      },
    ]);
    client.clear();
    expect(client.cookies()).toEqual([]);
    expect(await cookieSent(client)).toBeNull();
  });

  it("stand back where the test writes the header", async () => {
    const client = testClient(setting("a=1"));
    await client.get("/set");
    const own = await client.get("/", { headers: { cookie: "a=2" } });
    expect(await own.json()).toMatchObject({ cookie: "a=2" });
    expect(await cookieSent(client)).toBe("a=1");
  });

  it("keep to their path and domain", async () => {
    const client = testClient(
      setting(
        "root=1; Path=/",
        "shop=2; Path=/shop",
        "own=3",
        "wide=4; Domain=example.com; Path=/",
      ),
      { origin: "https://shop.example.com" },
    );
    await client.get("/shop/cart/set");
    expect(await cookieSent(client, "/")).toBe("root=1; wide=4");
    expect(await cookieSent(client, "/shop")).toBe("shop=2; root=1; wide=4");
    expect(await cookieSent(client, "/shop/cart/1")).toBe("own=3; shop=2; root=1; wide=4");
    expect(await cookieSent(client, "/shopping")).toBe("root=1; wide=4");
  });

  it("expire by the client's clock, Max-Age before Expires", async () => {
    const clock = testClock(Date.UTC(2030, 0, 1));
    const soon = new Date(clock.now() + 60_000).toUTCString();
    const client = testClient(
      setting(
        "age=1; Max-Age=120",
        `date=2; Expires=${soon}`,
        `both=3; Max-Age=120; Expires=${soon}`,
      ),
      { clock },
    );
    await client.get("/set");
    expect(await cookieSent(client)).toBe("age=1; date=2; both=3");
    expect(client.cookies()[0]?.expiresAt).toBe(clock.now() + 120_000);
    clock.advance("61s");
    expect(await cookieSent(client)).toBe("age=1; both=3");
    clock.advance("61s");
    expect(await cookieSent(client)).toBeNull();
    expect(client.cookies()).toEqual([]);
  });

  it("are removed by Max-Age=0 or a date that is past", async () => {
    const lines = ["a=1", "b=2"];
    const client = testClient((request) => setting(...lines)(request));
    await client.get("/set");
    lines.splice(0, 2, "a=; Max-Age=0", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    await client.get("/set");
    expect(await cookieSent(client)).toBeNull();
  });

  it("that are Secure stay off plain HTTP, also on this machine", async () => {
    const lines = ["plain=1", "secure=2; Secure"];
    for (const origin of ["http://shop.example", "http://localhost", "http://127.0.0.1:3000"]) {
      const client = testClient(setting(...lines), { origin });
      await client.get("/set");
      expect(await cookieSent(client)).toBe("plain=1");
      expect(client.refused().map((cookie) => cookie.name)).toEqual(["secure"]);
    }
    const client = testClient(setting(...lines));
    await client.get("/set");
    expect(await cookieSent(client)).toBe("plain=1; secure=2");
  });

  it.each([
    ["__Host-a=1; Path=/; Secure", true],
    ["__Host-a=1; Path=/", false],
    ["__Host-a=1; Path=/set; Secure", false],
    ["__Host-a=1; Secure", false],
    ["__Host-a=1; Path=/; Secure; Domain=localhost", false],
    ["__host-a=1; Path=/", false],
    ["__Secure-a=1; Secure", true],
    ["__Secure-a=1", false],
    ["__SECURE-a=1", false],
    ["__Http-a=1; Secure; HttpOnly", true],
    ["__Http-a=1; Secure", false],
    ["__Http-a=1; HttpOnly", false],
    ["__Host-Http-a=1; Path=/; Secure; HttpOnly", true],
    ["__Host-Http-a=1; Path=/; Secure", false],
    ["__Host-Http-a=1; Path=/; HttpOnly", false],
    ["__Host-Http-a=1; Path=/a; Secure; HttpOnly", false],
    ["a=1; Domain=other.example", false],
    ["a=1; Domain=com", false],
  ])("obey the rules of browsers: %s is kept: %s", async (line, isKept) => {
    const client = testClient(setting(line));
    await client.get("/set");
    expect(client.cookies()).toHaveLength(isKept ? 1 : 0);
    expect(client.refused()).toHaveLength(isKept ? 0 : 1);
    if (!isKept) expect(client.refused()[0]?.reason).not.toBe("");
  });
});

describe("testClient's use of an issued cookie", () => {
  const sessions = createSessions({ store: memoryStore() });
  const who = (request: Request): Promise<Response> =>
    sessions.handle(
      request,
      async () => new Response((await sessions.open(request)).userId ?? "nobody"),
      { remoteAddress: "127.0.0.1" },
    );

  it("signs the visitor in, over HTTPS and in development", async () => {
    const issued = await issue(sessions, { userId: "ada" });
    for (const origin of ["https://localhost", "https://shop.example", "http://localhost:3000"]) {
      const client = testClient(who, { origin });
      expect(await (await client.get("/")).text()).toBe("nobody");
      client.use(issued);
      expect(await (await client.get("/")).text()).toBe("ada");
    }
  });

  it("refuses a cookie that no browser would send there", async () => {
    const plain = testClient(who, { origin: "http://localhost" });
    const issued = await issue(sessions, { userId: "ada" });
    expect(() => plain.use({ ...issued, development: undefined })).toThrow(/plain HTTP/);
    const other = createSessions({
      store: memoryStore(),
      cookie: { prefix: "__Secure-", domain: "shop.example" },
    });
    const foreign = await issue(other);
    expect(() => testClient(who).use(foreign)).toThrow(OptionsError);
    expect(() => testClient(who).use(foreign)).toThrow(/no browser at https:\/\/localhost/);
  });
});

describe("testClient's options", () => {
  it.each([
    ["shop.example", {}, /testClient\(target\): .*http:\/\/localhost:3000, or a function/],
    ["ftp://shop.example", {}, /testClient\(target\)/],
    [undefined, {}, /testClient\(target\)/],
    [echo, { origin: "shop.example" }, /testClient\(origin\)/],
    [echo, { jar: true }, /testClient\(options\)\.jar: .*Known are/],
  ])("refuse %s and %j with a sentence", (target, options, sentence) => {
    expect(() => testClient(target as string, options as object)).toThrow(OptionsError);
    expect(() => testClient(target as string, options as object)).toThrow(sentence);
  });
});
