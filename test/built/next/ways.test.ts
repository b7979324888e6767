import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestClient, testClient } from "../../../src/testing/index.ts";
import { freePort } from "../../support/servers/test-server.ts";
import { type Project, project, type Server } from "../support/project.ts";
import { shown, submit } from "./support/page.ts";

const WAYS = fileURLToPath(new URL("app/ways", import.meta.url));
const COOKIE = /^__Host-Http-ways=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=lax$/;

/** What Next keeps, it gives to everybody. */
function tellKept(find: () => Server): void {
  it.each([
    "/ways/kept/a",
    "/ways/cached?how=function",
    "/ways/cached?how=directive",
    "/ways/forced/a",
  ])("leads what Next keeps for everybody to nobody's session: %s", async (path) => {
    const ada = testClient(find().url, { origin: "https://shop.example" });
    await ada.get("/ways/handler?what=redirect", { redirect: "manual" });
    expect(await (await ada.get("/ways/handler?what=who")).json()).toEqual({ user: "ada" });
    const stranger = testClient(find().url, { origin: "https://shop.example" });
    for (const client of [ada, stranger, ada]) {
      const response = await client.get(path);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(await response.text()).not.toMatch(/user(?:=|":")(?:ada|nobody)/);
    }
  });

  it("leaves alone what has nothing to do with sessions, whoever asks", async () => {
    const client = testClient(find().url, { origin: "https://shop.example" });
    await client.get("/ways/handler?what=redirect", { redirect: "manual" });
    const response = await client.get("/ways/still");
    expect(response.headers.get("x-nextjs-cache")).toBe("HIT");
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get("cache-control")).toMatch(/^s-maxage=\d+$/);
  });

  it("stores what changes after the response, by after(), where it needs no cookie", async () => {
    const client = testClient(find().url, { origin: "https://shop.example" });
    expect((await client.get("/ways/after")).headers.getSetCookie()).toEqual([]);
    await expect.poll(() => find().output()).toContain("after the response: HeadersSentError");
    await client.get("/ways/handler?what=redirect", { redirect: "manual" });
    await client.get("/ways/after");
    const page = async () => shown(await (await client.get("/ways")).text());
    await expect.poll(page).toBe("name= visits=1 user=ada");
  });
}

describe.each([
  ["turbopack", []],
  ["webpack", ["--webpack"]],
])("a build by %s", (_, flags) => {
  let application: Project;
  let server: Server;
  let client: TestClient;

  beforeAll(async () => {
    application = await project("next", { overlay: WAYS });
    await application.run("next", ["build", ...flags]);
    server = await application.start("next", ["start", "-H", "127.0.0.1"]);
  });

  afterAll(async () => {
    await server?.stop();
    await application?.remove();
  });

  const visitor = (): TestClient => {
    client = testClient(server.url, { origin: "https://shop.example" });
    return client;
  };
  const act = async (fields: Record<string, string>): Promise<Response> =>
    submit(client, "/ways", "act", fields);
  const page = async (): Promise<string | undefined> =>
    shown(await (await client.get("/ways")).text());
  const user = async (): Promise<unknown> => (await client.get("/ways/handler?what=who")).json();

  it("shows what an action has changed in the same render", async () => {
    visitor();
    const response = await act({ name: "Ada", what: "set" });
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(COOKIE)]);
    expect(shown(await response.text())).toBe("name=Ada visits=0 user=nobody");
    // With a cookie already, and another one set.
    const signedIn = await act({ name: "ada", what: "sign-in" });
    expect(signedIn.headers.getSetCookie()).toHaveLength(1);
    expect(shown(await signedIn.text())).toBe("name=ada visits=0 user=ada");
    expect(await page()).toBe("name=ada visits=0 user=ada");
  });

  it("is one manager for actions, components and route handlers", async () => {
    visitor();
    await act({ name: "ada", what: "sign-in" });
    expect(await user()).toEqual({ user: "ada" });
    expect(await (await client.get("/ways/handler?what=same")).json()).toBe(true);
  });

  it("keeps the cookie of a sign-in where the action redirects, fails or finds nothing", async () => {
    for (const [what, status] of [
      ["redirect", 303],
      ["not-found", 404],
      ["throw", 500],
    ] as const) {
      visitor();
      const response = await act({ name: "ada", what });
      expect(response.status, what).toBe(status);
      await response.text();
      expect(response.headers.getSetCookie(), what).toEqual([expect.stringMatching(COOKIE)]);
      expect(await user(), what).toEqual({ user: "ada" });
      // What was set before a failure is not stored.
      expect(await page()).toBe(`name=${what === "throw" ? "" : "ada"} visits=0 user=ada`);
    }
  });

  it("keeps the cookie of a sign-in where a route handler redirects, fails or finds nothing", async () => {
    for (const [what, status] of [
      ["redirect", 307],
      ["not-found", 404],
      ["throw", 500],
    ] as const) {
      visitor();
      const response = await client.get(`/ways/handler?what=${what}`, { redirect: "manual" });
      expect(response.status, what).toBe(status);
      await response.text();
      expect(response.headers.getSetCookie(), what).toHaveLength(1);
      expect(await user(), what).toEqual({ user: "ada" });
    }
  });

  tellKept(() => server);

  it("answers 500 to an action that has set what cannot be stored", async () => {
    visitor();
    const response = await submit(client, "/ways", "fail");
    expect(response.status).toBe(500);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("is one session where an action that is wrapped calls another, for who has none yet", async () => {
    visitor();
    const response = await submit(client, "/ways", "nested");
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(COOKIE)]);
    expect(shown(await response.text())).toBe("name=outer visits=1 user=nobody");
    expect(await page()).toBe("name=outer visits=1 user=nobody");
  });

  it("sets its cookie beside the application's own", async () => {
    visitor();
    const response = await act({ name: "themed", what: "set" });
    const names = response.headers.getSetCookie().map((line) => line.split("=")[0]);
    expect(names.toSorted()).toEqual(["__Host-Http-ways", "theme"]);
    expect(await page()).toBe("name=themed visits=0 user=nobody");
  });

  it("reads late, below Suspense, and refuses there what needs a cookie", async () => {
    visitor();
    const stranger = await (await client.get("/ways/late")).text();
    expect(stranger).toContain("heard=ERR_SESSION_HEADERS_SENT");
    expect(shown(stranger)).toBe("name= visits=0 user=nobody");
    await act({ name: "Ada", what: "set" });
    const known = await client.get("/ways/late");
    expect(known.headers.getSetCookie()).toEqual([]);
    expect(shown(await known.text())).toBe("name=Ada visits=1 user=nobody");
    expect(await page()).toBe("name=Ada visits=1 user=nobody");
  });

  it("lets an action that is not wrapped do what needs no cookie", async () => {
    visitor();
    const refused = await submit(client, "/ways", "bare", { what: "sign-in" });
    expect(refused.status).toBe(500);
    expect(refused.headers.getSetCookie()).toEqual([]);
    await refused.text();
    await act({ name: "Ada", what: "set" });
    const done = await submit(client, "/ways", "bare");
    expect(shown(await done.text())).toBe("name=Ada visits=1 user=nobody");
  });

  it("shows the page what the proxy before it has changed", async () => {
    visitor();
    const first = await client.get("/ways/proxied");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(shown(await first.text())).toBe("name= visits=1 user=nobody");
    expect(shown(await (await client.get("/ways/proxied")).text())).toBe(
      "name= visits=2 user=nobody",
    );
  });

  it("answers 403 to a route handler that another site's page posts to", async () => {
    visitor();
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const response = await client.post("/ways/handler", { headers });
    expect(response.status).toBe(403);
  });

  it("gives an action that another site's page sends no session", async () => {
    visitor();
    await act({ name: "ada", what: "sign-in" });
    const html = await (await client.get("/ways")).text();
    const [action = ""] = /\$ACTION_ID_\w+/.exec(html) ?? [];
    const body = new FormData();
    body.set(action, "");
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const response = await client.post("/ways", { body, headers });
    expect(response.status).toBe(500);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("answers 503 for an outage in a route handler, and tells of it once", async () => {
    visitor();
    const cookie = `__Host-Http-broken=${"A".repeat(43)}`;
    const before = server.output().length;
    const response = await client.post("/ways/handler", { headers: { cookie } });
    expect(response.status).toBe(503);
    const printed = server.output().slice(before);
    expect(printed.match(/StoreError/g)).toHaveLength(1);
    expect(printed).toMatch(/caused by .*ENOENT/);
  });
});

describe("a custom server", () => {
  let application: Project;
  let server: Server;

  beforeAll(async () => {
    application = await project("next", { overlay: WAYS });
    await application.run("next", ["build"]);
    const port = await freePort();
    const env = { NODE_ENV: "production" };
    server = await application.start("node", ["server.ts"], { port, env });
  });

  afterAll(async () => {
    await server?.stop();
    await application?.remove();
  });

  tellKept(() => server);

  it("answers 403 to a route handler that another site's page sends something", async () => {
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const response = await fetch(`${server.url}/ways/handler`, { method: "PUT", headers });
    expect(response.status).toBe(403);
  });

  it("lets components write, begin a session and send its cookie", async () => {
    const client = testClient(server.url, { origin: "https://shop.example" });
    const first = await client.get("/ways/writing");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(await first.text()).toContain("visits=1");
    expect(await (await client.get("/ways/writing")).text()).toContain("visits=2");
  });

  it("is one session for the proxy, the action and the page of one request", async () => {
    const client = testClient(server.url, { origin: "https://shop.example" });
    const signedIn = await submit(client, "/ways", "act", { name: "ada", what: "sign-in" });
    expect(signedIn.headers.getSetCookie()).toHaveLength(1);
    expect(shown(await signedIn.text())).toBe("name=ada visits=0 user=ada");
    const proxied = await client.get("/ways/proxied");
    expect(shown(await proxied.text())).toBe("name=ada visits=1 user=ada");
    const redirected = await submit(client, "/ways", "act", { name: "eve", what: "redirect" });
    expect(redirected.status).toBe(303);
    expect(redirected.headers.getSetCookie()).toHaveLength(1);
    expect(await (await client.get("/ways/handler?what=who")).json()).toEqual({ user: "eve" });
  });
});
