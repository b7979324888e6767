import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createSessions } from "../../src/create-sessions.ts";
import { type NuxtEvent, type NuxtServer, sessionPlugin } from "../../src/frameworks/nuxt.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { WatchedStore } from "../../src/testing/adapter/watched-store.ts";
import { testClient } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function stage(
  handle: NuxtServer["h3App"]["handler"],
  options: object = {},
  times = 1,
  accessor = false,
) {
  const store = new WatchedStore(memoryStore());
  const reports: unknown[] = [];
  const onError = (error: unknown): void => void reports.push(error);
  const defaults = { visits: 0 };
  const sessions = createSessions({ store, onError, defaults, trustProxy: ["loopback"] });
  const h3App = { handler: handle, options };
  for (let left = times; left > 0; left -= 1) sessionPlugin(sessions, { accessor })({ h3App });
  const serve = createServer((req, res) => h3App.handler({ node: { req, res }, context: {} }));
  const server = await listen(serve);
  closers.push(
    () => server.close?.(),
    () => sessions.close(),
  );
  return { sessions, store, reports, client: testClient(server.target, { origin: ORIGIN }) };
}

const ORIGIN = "https://shop.example";

// The rest is told by the real Nuxt: test/built/nuxt.
describe("the plugin for Nuxt", () => {
  it("answers plainly, with the status, where Nuxt has no answer to what cannot be stored", async () => {
    for (const options of [{}, { onError: () => Promise.reject(new Error("its own slip")) }]) {
      const handle = async ({ node: { req, res } }: NuxtEvent): Promise<void> => {
        (await stood.sessions.open(req)).set("visits", 1);
        res.end("stored");
      };
      const stood = await stage((event) => void handle(event), options);
      stood.store.failWrites();
      const response = await stood.client.get("/");
      expect([response.status, await response.text()]).toEqual([
        503,
        "Service unavailable. Please try again in a moment.\n",
      ]);
      expect(stood.reports).toHaveLength(1);
    }
  });

  it("is one session where it is mounted twice", async () => {
    const handle = async ({ node: { req, res } }: NuxtEvent): Promise<void> => {
      await (await stood.sessions.open(req)).update("visits", (n) => n + 1);
      res.end();
    };
    const stood = await stage((event) => void handle(event), {}, 2);
    expect((await stood.client.get("/")).headers.getSetCookie()).toHaveLength(1);
    expect((await stood.client.get("/")).headers.getSetCookie()).toEqual([]);
  });

  it("leads from a proxy of the request to its session, but not from one with other headers", async () => {
    const seen: unknown[] = [];
    const handle = async ({ node: { req, res } }: NuxtEvent): Promise<void> => {
      const session = await stood.sessions.open(req);
      seen.push((await stood.sessions.open(new Proxy(req, {}))) === session);
      const get = (target: object, name: string | symbol, receiver: unknown): unknown =>
        name === "headers" ? {} : Reflect.get(target, name, receiver);
      const open = stood.sessions.open(new Proxy(req, { get }));
      seen.push(await open.catch((error: { code?: string }) => error.code));
      res.end();
    };
    const stood = await stage((event) => void handle(event));
    await stood.client.get("/");
    expect(seen).toEqual([true, "ERR_SESSION_OPTIONS"]);
  });

  it("shows the session beside a cache of the application's own, and not to what Nitro keeps", async () => {
    const seen: unknown[] = [];
    const handle = ({ node: { res }, context }: NuxtEvent): void => {
      for (const cache of [new Map(), { options: {} }]) {
        context["cache"] = cache;
        try {
          seen.push((context["session"] as { readonly isNew: boolean }).isNew);
        } catch (error) {
          seen.push((error as { readonly code?: string }).code);
        }
      }
      res.end();
    };
    const stood = await stage(handle, {}, 1, true);
    await stood.client.get("/");
    expect(seen).toEqual([true, "ERR_SESSION_OPTIONS"]);
  });

  it("is refused where it has no manager, and for an option that there is not", () => {
    expect(() => sessionPlugin(Object({}))).toThrow(/createSessions/);
    const find = () => createSessions();
    expect(() => sessionPlugin(find, Object({ acessor: true }))).toThrow(/acessor/);
  });
});
