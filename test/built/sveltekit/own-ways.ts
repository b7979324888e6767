import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { WatchedStore } from "../../../src/testing/adapter/watched-store.ts";
import { type AdapterData, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { type Built, hand } from "../support/kit.ts";

let application: Built;

const defaults: AdapterData = { visits: 0, name: "", cart: [] };
const ORIGIN = "https://shop.example";
const FORM = { accept: "text/html", "content-type": "application/x-www-form-urlencoded" };

const closers: (() => unknown)[] = [];
async function stage(more: Record<string, unknown> = {}, options = {}) {
  const store = new WatchedStore(memoryStore());
  const reports: unknown[] = [];
  const heard: unknown[] = [];
  const onError = (error: unknown): void => void reports.push(error);
  const shared = { store, onError, trustProxy: "all", ...options } as const;
  const sessions = createSessions<AdapterData>({ ...shared, defaults });
  hand({ managers: [sessions], routes: [], heard, ...more });
  const server = await listen(
    createServer((req, res) => void application.handler(req as never, res as never)),
  );
  closers.push(
    () => server.close?.(),
    () => sessions.close(),
  );
  const client = testClient(server.target, { origin: ORIGIN });
  const text = async (path: string): Promise<string> => (await client.get(path)).text();
  return { store, reports, heard, sessions, client, text, target: server.target };
}

function linesOf({ headers }: Response): string[] {
  return headers.getSetCookie().filter((line) => line.startsWith("__Host-Http-session="));
}

const MANUAL = { redirect: "manual" } as const;

/** What SvelteKit does beyond what all frameworks have in common, on a built application. */
export function tellOwnWays(find: () => Built): void {
  beforeEach(() => {
    application = find();
    vi.spyOn(console, "error").mockReturnValue();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of closers.splice(0)) await close();
  });

  it("is a Handle as SvelteKit types it, and the accessor is as App.Locals says", async () => {
    await application.project.run("svelte-kit", ["sync"]);
    await application.project.run("tsc", ["-p", "."]);
  });

  it("keeps the cookie and the data of a form action that redirects", async () => {
    const { client, text } = await stage();
    const init = { ...MANUAL, headers: FORM, body: "" };
    const response = await client.post("/own/form?/signIn", init);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/own/form"]);
    expect(linesOf(response)).toHaveLength(1);
    expect(await text("/own/form")).toContain("user: ada, name: Ada");
  });

  it("keeps them where the page's script has asked (use:enhance)", async () => {
    const { client, text } = await stage();
    const headers = { ...FORM, accept: "application/json", "x-sveltekit-action": "true" };
    const response = await client.post("/own/form?/signIn", { headers, body: "" });
    expect(await response.json()).toMatchObject({ type: "redirect", location: "/own/form" });
    expect(linesOf(response)).toHaveLength(1);
    expect(await text("/own/form")).toContain("user: ada, name: Ada");
  });

  it("keeps what an action set that refuses the form", async () => {
    const { client, text } = await stage();
    const response = await client.post("/own/form?/refuse", { headers: FORM, body: "" });
    expect(response.status).toBe(422);
    expect(await text("/own/form")).toContain("name: Grace");
  });

  it("keeps what a load set that redirects, for pages and for their data", async () => {
    for (const path of ["/own/redirecting", "/own/redirecting/__data.json"]) {
      const { client, text } = await stage();
      const response = await client.get(path, MANUAL);
      expect(response.status, path).toBe(path.endsWith("json") ? 200 : 303);
      expect(linesOf(response), path).toHaveLength(1);
      expect(await text("/own/form")).toContain("name: Ada");
    }
  });

  it("keeps +error.svelte and handleError, with the cookie, where a load throws", async () => {
    const { client, heard, text } = await stage();
    const response = await client.get("/own/broken");
    expect(response.status).toBe(500);
    expect(linesOf(response)).toHaveLength(1);
    const page = await response.text();
    expect(page).toContain("Our own page, 500");
    expect(page).toContain("Told in our own words");
    expect(heard.map(String)).toEqual(["Error: A slip of the application"]);
    expect(await text("/own/form")).toContain("user: ada, name: <");
  });

  it("keeps its page and what was set where a load calls error()", async () => {
    const { client, text } = await stage();
    const response = await client.get("/own/refused");
    expect(response.status).toBe(422);
    expect(await response.text()).toContain("Our own page, 422");
    expect(await text("/own/form")).toContain("name: kept");
  });

  it("shares the session with what event.fetch asks for, and sends one cookie", async () => {
    const { client, store, text } = await stage();
    const response = await client.get("/own/sub");
    expect(linesOf(response)).toHaveLength(1);
    expect(await response.text()).toContain("one: true, visits: 3");
    expect(store.calls.filter((call) => call === "create")).toHaveLength(1);
    expect(await text("/own/sub")).toContain("one: true, visits: 6");
  });

  it("serves queries, commands and forms that are remote functions", async () => {
    const { target } = await stage();
    const origin = target.replace("http:", "https:");
    const client = testClient(target, { origin });
    const text = async (path: string): Promise<string> => (await client.get(path)).text();
    const page = await text("/own/remote");
    const [, hash] = /remote=([^%/"]+)(?:%2F|\/)signIn/.exec(page) ?? [];
    const remote = `/_app/remote/${hash}`;
    const headers = {
      "content-type": "application/json",
      origin,
      "x-sveltekit-pathname": "/own/remote",
      "x-sveltekit-search": "",
    };
    const counted = await client.post(`${remote}/count`, {
      headers,
      body: JSON.stringify({ payload: "", refreshes: [] }),
    });
    expect([counted.status, linesOf(counted).length], await counted.text()).toEqual([200, 1]);
    const asked = await client.get(`${remote}/visits`, { headers });
    expect(await asked.text()).toContain("1");
    const signedIn = await client.post(`/own/remote?/remote=${hash}%2FsignIn`, {
      ...MANUAL,
      headers: { ...FORM, origin },
      body: "",
    });
    expect(signedIn.status).toBeLessThan(400);
    expect(linesOf(signedIn)).toHaveLength(1);
    expect(await text("/own/form")).toContain("user: ada");
  });

  it("sends a page whose data streams, and stores what changes meanwhile", async () => {
    const { client, text } = await stage();
    await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
    const page = await text("/own/streaming");
    expect(page).toContain("waiting");
    expect(page).toContain("visits were 0");
    expect(await text("/own/form")).toContain("name: streamed");
  });

  it("reads a session that is first opened while the page streams", async () => {
    const { client, text } = await stage();
    await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
    expect(await text("/own/streaming?late")).toContain("visits were 0");
    await expect.poll(() => text("/own/form")).toContain("name: streamed");
  });

  it("serves pages that were built ahead, without a session, and without a store there", async () => {
    const { client, store } = await stage({ hasAccessor: true });
    await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
    store.forget();
    const response = await client.get("/own/ahead");
    expect(await response.text()).toContain("Built ahead");
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(store.calls).toEqual([]);
  });

  it("shows the session as locals.session to whoever asks for it", async () => {
    const { client, store, text } = await stage({ hasAccessor: true });
    await client.get("/own/form");
    expect(store.calls).toEqual([]);
    expect(await text("/own/reading")).toContain("visits: 1, same: true");
    expect(await text("/own/reading")).toContain("visits: 2, same: true");
  });

  it.each([false, true])(
    "shows its own page with 503 where the store is away, told once (accessor: %s)",
    async (hasAccessor) => {
      const { client, store, heard, reports } = await stage({ hasAccessor });
      await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
      store.fail();
      const response = await client.get(hasAccessor ? "/own/reading" : "/own/form");
      expect(response.status).toBe(503);
      expect(await response.text()).toContain("Our own page");
      expect(heard).toHaveLength(1);
      expect(reports).toEqual(heard);
      // A page that asks for no session is shown all the same.
      expect((await client.get("/own/ahead")).status).toBe(200);
    },
  );

  it("answers in time where the store hangs", async () => {
    const { client, store } = await stage({}, { storeTimeout: 200 });
    await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
    store.hang();
    const response = await client.get("/own/form", { signal: AbortSignal.timeout(5_000) });
    expect(response.status).toBe(503);
  });

  it("answers 503 and tells onError once where what was set cannot be stored", async () => {
    const { client, store, heard, reports } = await stage();
    store.failWrites();
    for (const path of ["/own/refused", "/own/redirecting"]) {
      const response = await client.get(path, MANUAL);
      expect(response.status, path).toBe(503);
      expect(linesOf(response)).toEqual([]);
    }
    expect(reports).toHaveLength(2);
    expect(heard.filter((error) => error instanceof Error)).toEqual([]);
  });

  it("shows error.html with 503 where what was set cannot be stored, if it is given SvelteKit's error", async () => {
    const { client, store, reports } = await stage({ hasErrorPage: true });
    store.failWrites();
    for (const path of ["/own/refused", "/own/redirecting"]) {
      const page = await client.get(path, { ...MANUAL, headers: { accept: "text/html" } });
      expect(page.status, path).toBe(503);
      expect(linesOf(page)).toEqual([]);
      expect(await page.text()).toContain("Our page for the worst, 503");
      const json = await client.get(path, { ...MANUAL, headers: { accept: "application/json" } });
      expect(json.status, path).toBe(503);
      expect(await json.json()).toHaveProperty("message");
    }
    expect(reports).toHaveLength(4);
  });

  it.each([false, true])(
    "answers a form that a script has sent as SvelteKit does where nothing can be stored: %s",
    async (hasErrorPage) => {
      const { client, store, reports } = await stage({ hasErrorPage });
      store.failWrites();
      const headers = { ...FORM, accept: "application/json", "x-sveltekit-action": "true" };
      const response = await client.post("/own/form?/refuse", { headers, body: "" });
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ type: "error", error: { status: 503 } });
      expect(reports).toHaveLength(1);
    },
  );

  it("believes its socket, not SvelteKit, that it is asked over plain HTTP, and says so once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    const { target, text } = await stage();
    const plain = testClient(target);
    for (let times = 0; times < 2; times += 1) {
      const response = await plain.get("/own/sub");
      expect(await response.text()).toContain("one: true");
    }
    expect(plain.cookies().map(({ name }) => name)).toEqual(["session"]);
    expect(await (await plain.get("/own/sub")).text()).toContain("visits: 9");
    const said = warn.mock.calls
      .map(([sentence]) => String(sentence))
      .filter((sentence) => sentence.startsWith("SvelteKit takes a request"));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/paths\.origin.*ORIGIN.*PROTOCOL_HEADER=x-forwarded-proto/);
    warn.mockClear();
    // Where a proxy that is trusted says https, it is as SvelteKit thinks.
    await text("/own/sub");
    expect(warn).not.toHaveBeenCalled();
  });

  describe("where a handle of the application's own comes behind ours", () => {
    it("sends the cookie along with the redirect that it throws", async () => {
      for (const path of ["/own/form", "/own/form/__data.json"]) {
        const { client, sessions, text } = await stage();
        hand({
          managers: [sessions],
          routes: [],
          guard: async ({ event, resolve, redirect }: Guarded) => {
            if (event.url.searchParams.has("done")) return resolve(event);
            const session = await sessions.open(event.request);
            await session.signIn("ada");
            session.persistent = true;
            return redirect(303, "/own/form?done");
          },
        });
        const response = await client.get(path, MANUAL);
        const [line, ...more] = linesOf(response);
        expect(more).toEqual([]);
        expect(line).toMatch(/; Max-Age=\d+; /);
        for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Expires="]) {
          expect(line).toContain(`; ${part}`);
        }
        expect(await text("/own/form?done")).toContain("user: ada");
      }
    });

    it("keeps a sign-in whose handle throws afterwards", async () => {
      const { client, reports, text, sessions } = await stage();
      hand({
        managers: [sessions],
        routes: [],
        guard: async ({ event, resolve }: Guarded) => {
          if (event.url.searchParams.has("done")) return resolve(event);
          await (await sessions.open(event.request)).signIn("ada");
          throw new Error("A slip of the handle");
        },
      });
      const response = await client.get("/own/form");
      expect(response.status).toBe(500);
      expect(linesOf(response)).toHaveLength(1);
      expect(reports.map(String)).toEqual(["Error: A slip of the handle"]);
      expect(await text("/own/form?done")).toContain("user: ada");
    });

    it("keeps the status and the words of an error() that follows a sign-in", async () => {
      const { client, text, sessions } = await stage();
      hand({
        managers: [sessions],
        routes: [],
        guard: async ({ event, resolve, error }: Guarded) => {
          if (event.url.searchParams.has("done")) return resolve(event);
          await (await sessions.open(event.request)).signIn("ada");
          return error(422, "Not like this");
        },
      });
      const response = await client.get("/own/form");
      expect([response.status, await response.text()]).toEqual([422, "Not like this"]);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(linesOf(response)).toHaveLength(1);
      expect(await text("/own/form?done")).toContain("user: ada");
    });

    it("answers plainly, with the cookie, where a sign-in is done and the rest cannot be stored", async () => {
      const { client, store, sessions, text } = await stage();
      hand({
        managers: [sessions],
        routes: [],
        hasErrorPage: true,
        guard: async ({ event, resolve }: Guarded) => {
          if (event.url.searchParams.has("done")) return resolve(event);
          const session = await sessions.open(event.request);
          await session.signIn("ada");
          session.set("name", "lost");
          store.failWrites();
          return resolve(event);
        },
      });
      const response = await client.get("/own/form", { headers: { accept: "text/html" } });
      store.hinder(undefined);
      expect(response.status).toBe(503);
      expect(linesOf(response)).toHaveLength(1);
      expect(await response.text()).not.toContain("Our page for the worst");
      expect(await text("/own/form?done")).toContain("user: ada, name: <");
    });

    it("shows error.html with 503 where it cannot open the session", async () => {
      const { client, store, sessions, reports } = await stage();
      await client.post("/own/form?/signIn", { ...MANUAL, headers: FORM, body: "" });
      hand({
        managers: [sessions],
        routes: [],
        hasErrorPage: true,
        guard: async ({ event, resolve }: Guarded) => {
          await sessions.open(event.request);
          return resolve(event);
        },
      });
      store.fail();
      const response = await client.get("/own/ahead/not", { headers: { accept: "text/html" } });
      expect(response.status).toBe(503);
      expect(await response.text()).toContain("Our page for the worst, 503");
      expect(reports).toHaveLength(1);
    });

    it("leaves all else that it throws to SvelteKit", async () => {
      const heard: unknown[] = [];
      const slip = new Error("A slip of the handle");
      const guard = (): never => {
        throw slip;
      };
      const { client } = await stage({ guard, heard });
      const response = await client.get("/own/form");
      expect(response.status).toBe(500);
      expect(await response.text()).toContain("Told in our own words");
      expect(heard).toEqual([slip]);
    });
  });
}

interface Guarded {
  readonly event: { readonly request: Request; readonly url: URL };
  resolve(event: unknown): Promise<Response>;
  error(status: number, message: string): never;
  redirect(status: number, location: string): never;
}
