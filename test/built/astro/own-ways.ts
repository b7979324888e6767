import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { createSessions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { WatchedStore } from "../../../src/testing/adapter/watched-store.ts";
import { type AdapterData, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { type Built, hand } from "../support/kit.ts";

let application: Built;

const defaults: AdapterData = { visits: 0, name: "", cart: [] };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const MANUAL = { redirect: "manual" } as const;

const closers: (() => unknown)[] = [];
let printed: string[] = [];
async function stage(more: Record<string, unknown> = {}, options = {}) {
  const store = new WatchedStore(memoryStore());
  const reports: unknown[] = [];
  const onError = (error: unknown): void => void reports.push(error);
  const shared = { store, onError, trustProxy: "all", ...options } as const;
  const sessions = createSessions<AdapterData>({ ...shared, defaults });
  hand({ managers: [sessions], routes: [], ...more });
  const server = await listen(
    createServer((req, res) => void application.handler(req as never, res as never)),
  );
  closers.push(
    () => server.close?.(),
    () => sessions.close(),
  );
  const client = testClient(server.target, { origin: "https://shop.example" });
  const text = async (path: string): Promise<string> => (await client.get(path)).text();
  return { store, reports, client, text };
}

function linesOf({ headers }: Response): string[] {
  return headers.getSetCookie().filter((line) => line.startsWith("__Host-Http-session="));
}

function cookiesOf({ headers }: Response): string[] {
  return headers
    .getSetCookie()
    .map((line) => line.split("=", 1)[0] ?? "")
    .sort();
}

/** What Astro does beyond what all frameworks have in common, on a built application. */
export function tellOwnWays(find: () => Built): void {
  beforeEach(() => {
    application = find();
    printed = [];
    for (const print of ["error", "warn", "log"] as const) {
      vi.spyOn(console, print).mockImplementation((...parts) => void printed.push(parts.join(" ")));
    }
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of closers.splice(0)) await close();
  });

  it("is a MiddlewareHandler as Astro types it, and the accessor is as App.Locals says", async () => {
    await application.project.run("tsc", ["-p", ".", "--noEmit"]);
  });

  it("keeps a sign-in and what is set before a page redirects, beside Astro.cookies", async () => {
    const { client, text } = await stage();
    const response = await client.post("/own/form", { ...MANUAL, headers: FORM, body: "a=b" });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/own/who"]);
    expect(cookiesOf(response)).toEqual(["__Host-Http-session", "theme"]);
    expect(await text("/own/who")).toContain("user: ada, name: Ada");
  });

  it("keeps 500.astro, its error and the cookie of a sign-in where a page throws", async () => {
    for (const ask of ["get /own/broken", "post /own/form?broken"]) {
      const { client, reports, text } = await stage();
      const [method, path = ""] = ask.split(" ");
      const post = { headers: FORM, body: "a=b" };
      const response = await (method === "get" ? client.get(path) : client.post(path, post));
      expect(response.status, ask).toBe(500);
      expect(linesOf(response), ask).toHaveLength(1);
      const page = await response.text();
      expect(page).toContain("Our own page");
      expect(page).toContain(method === "get" ? "A slip of the application" : "A slip after");
      expect(reports).toHaveLength(1);
      expect(await text("/own/who")).toContain("user: ada, name: <");
    }
  });

  it("leaves to Astro what throws without a sign-in", async () => {
    const { client, reports } = await stage();
    const response = await client.get("/own/slip");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("A slip without a session");
    expect(reports).toEqual([]);
    expect(printed.filter((line) => line.includes("A slip without a session"))).toHaveLength(1);
  });

  it("shares the session with the page that Astro.rewrite leads to, and sends one cookie", async () => {
    const { client, store } = await stage();
    const response = await client.get("/own/rewriting");
    expect(await response.text()).toContain("visits: 2");
    expect(cookiesOf(response)).toEqual(["__Host-Http-session", "inner", "outer"]);
    expect(store.calls.filter((call) => call === "create")).toHaveLength(1);
    expect(await (await client.get("/own/rewriting")).text()).toContain("visits: 4");
  });

  it("knows the request that next(path) of a later middleware has made", async () => {
    const { text } = await stage();
    expect(await text("/own/passed-on")).toContain("user: nobody");
  });

  it("keeps the sign-in of a later middleware that redirects", async () => {
    const { client, text } = await stage();
    const response = await client.get("/own/guarded", MANUAL);
    expect(response.status).toBe(303);
    expect(linesOf(response)).toHaveLength(1);
    expect(await text("/own/who")).toContain("user: ada");
  });

  it("serves actions, called by a form or by a script, and keeps what one set that fails", async () => {
    const { client, text } = await stage();
    const form = new FormData();
    const page = await client.post("/own/acting?_action=signIn", { body: form });
    expect(await page.text()).toContain("result: ada, user: ada");
    expect(linesOf(page)).toHaveLength(1);
    const refused = await client.post("/_actions/refuse", {
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(refused.status).toBe(409);
    expect(await text("/own/who")).toContain("name: kept");
  });

  it("reads in a component below the page, and stores what it changes", async () => {
    const { client, text } = await stage();
    await client.post("/own/form", { ...MANUAL, headers: FORM, body: "a=b" });
    expect(await text("/own/late")).toContain("visits were 0");
    await expect.poll(() => text("/own/who")).toContain("name: streamed");
  });

  it("shows the session as locals.session, in pages and in server islands", async () => {
    const { client, store, text } = await stage({ hasAccessor: true });
    await client.get("/own/ahead");
    expect(store.calls).toEqual([]);
    expect(await text("/own/reading")).toContain("visits: 1");
    expect(await text("/own/reading")).toContain("visits: 2");
    await client.post("/own/form", { ...MANUAL, headers: FORM, body: "a=b" });
    const page = await text("/own/island");
    const [, island = ""] = /(\/_server-islands\/[^"'`]+)["'`]/.exec(page) ?? [];
    expect(await text(island), page).toContain("island of ada");
    expect(await text("/own/who")).toContain("name: islander");
  });

  it("serves pages that were built ahead, without a session", async () => {
    const file = `${application.project.folder}/dist/client/own/ahead/index.html`;
    expect(await readFile(file, "utf8")).toContain("Built ahead");
  });

  it.each([false, true])(
    "shows 500.astro with 503 where the store is away, told once (accessor: %s)",
    async (hasAccessor) => {
      const { client, store, reports } = await stage({ hasAccessor });
      await client.post("/own/form", { ...MANUAL, headers: FORM, body: "a=b" });
      store.fail();
      printed = [];
      const response = await client.get(hasAccessor ? "/own/reading" : "/own/who");
      expect(response.status).toBe(503);
      expect(await response.text()).toContain("Our own page");
      expect(reports).toHaveLength(1);
      expect(printed).toEqual([]);
      // A page that asks for no session is shown all the same.
      expect(await (await client.get("/own/slip")).text()).toContain("Our own page");
    },
  );

  it("shows 500.astro with 503 where what was set cannot be stored", async () => {
    const { client, store, reports } = await stage();
    store.failWrites();
    const response = await client.get("/own/rewriting");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("Our own page");
    expect(linesOf(response)).toEqual([]);
    expect(reports).toHaveLength(1);
  });

  it("answers in time where the store hangs", async () => {
    const { client, store } = await stage({}, { storeTimeout: 200 });
    await client.post("/own/form", { ...MANUAL, headers: FORM, body: "a=b" });
    store.hang();
    const response = await client.get("/own/who", { signal: AbortSignal.timeout(5_000) });
    expect(response.status).toBe(503);
  });
}
