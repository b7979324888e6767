import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { describeAdapter, type ServeRoutes } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { type Project, project, ROOT, type Server } from "../support/project.ts";

let app: Project;
let listener: RequestListener;

beforeAll(async () => {
  vi.spyOn(console, "error").mockReturnValue();
  app = await project("nuxt", { overlay: join(import.meta.dirname, "app") });
  await app.run("nuxt", ["build"], { NODE_ENV: "production", NITRO_PRESET: "node-listener" });
  // As Node does it: a built server is nothing for Vite to transform.
  const load = createRequire(import.meta.url);
  ({ listener } = load(join(app.folder, ".output/server/index.mjs")) as {
    listener: RequestListener;
  });
});
afterAll(() => app?.remove());

/** Each request brings the managers and routes of its suite along. */
const serve: ServeRoutes = (managers, routes) =>
  listen(
    createServer((req, res) => listener(Object.assign(req, { suite: { managers, routes } }), res)),
  );

const UNENDED = "h3 1 pipes a stream and does not end its source when nobody takes it any more";

describeAdapter("Nuxt", serve, {
  runner: { describe, it },
  deviations: {
    "streaming: lets the producer of a stream clean up that was answered in its place": UNENDED,
    "visitors who leave: keeps the last words of a stream whose reader has left": UNENDED,
    // Tested below.
    "the framework's own ways: shows its error page after a sign-in, with the cookie":
      "each page of Nitro's names its own address at its start",
  },
});

describe("Nuxt", () => {
  let server: Server;
  const jar = new Map<string, string>();

  beforeEach(async () => {
    jar.clear();
    server = await app.start("node", ["serve.mjs"], { env: { NODE_ENV: "production" } });
  });
  afterEach(() => server.stop());

  const get = async (path: string, accept = "*/*"): Promise<Response> => {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const headers = { "x-forwarded-proto": "https", cookie, accept };
    const response = await fetch(server.url + path, { headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return response;
  };

  it("shares the session of a page with what the page fetches while it is rendered", async () => {
    const first = await get("/");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(await first.text()).toContain("Visit 1");
    const second = await get("/");
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await second.text()).toContain("Visit 2");
    expect(await (await get("/api/visit")).json()).toMatchObject({ visits: 3 });
  });

  it("makes nobody's what is fetched without the visitor's cookies", async () => {
    await get("/api/refuse");
    expect(await (await get("/api/nobody")).json()).toEqual(["nobody", "ada"]);
  });

  /** What was printed of failures, by Nuxt, each with what it has for a reason, and in our words. */
  const printed = (): number[] => {
    const output = server.output();
    return [/\[request error\]/g, /cause\]?: Error: nobody is there/g, /caused by/g].map(
      (one) => output.match(one)?.length ?? 0,
    );
  };

  it.each(["/lost", "/outage"])(
    "shows Nuxt's own error page with 503 while the store is away, and prints it once: %s",
    async (path) => {
      await get("/");
      const response = await get(path, "text/html");
      expect(response.status).toBe(503);
      expect(await response.text()).toMatch(/^<!DOCTYPE html>.*503/s);
      expect(printed()).toEqual([1, 1, 1]);
    },
  );

  it("answers in JSON what is asked for so, also where only the commit fails", async () => {
    await get("/");
    const response = await get("/api/lost");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: true, statusCode: 503 });
    expect(printed()).toEqual([1, 1, 1]);
  });

  it.each(["/api/kept", "/api/kept/request", "/api/kept/shown"])(
    "gives no session to what is kept for everybody: %s",
    async (path) => {
      await get("/api/refuse");
      const kept = await get(path);
      expect(kept.status).toBe(500);
      expect(kept.headers.getSetCookie()).toEqual([]);
      expect(server.output()).toContain("OptionsError");
      // What is not kept has it.
      expect(await (await get("/api/shown")).json()).toEqual({ user: "ada" });
      expect(await (await get("/")).text()).toContain("Visit 1");
    },
  );

  it("gives no session to what is kept where the application itself asks for it", async () => {
    await get("/api/refuse");
    expect(await (await get("/api/around?what=request")).text()).toBe("refused");
  });

  it.each(["/kept/page", "/cached/page", "/api/kept/asking", "/api/around?what=asking-along"])(
    "begins no session for the first who asks for what is kept for everybody: %s",
    async (path) => {
      const first = await get(path);
      expect(first.status).toBe(200);
      expect(first.headers.getSetCookie()).toEqual([]);
      const text = await first.text();
      expect(text).not.toMatch(/Visit 1|"visits":\{/);
      // It is kept, and as it was made: neither signed-in visitors nor others change it.
      await get("/api/refuse");
      const etag = first.headers.get("etag");
      const second = await get(path);
      expect([second.headers.get("etag"), await second.text()]).toEqual([etag, text]);
      expect(second.headers.getSetCookie()).toEqual([]);
    },
  );

  it("begins no session while a page is built ahead, and none is in what is built", async () => {
    const page = await readFile(join(app.folder, ".output/public/ahead/index.html"), "utf8");
    expect(page).toContain("Hello, stranger.");
    expect(page).not.toMatch(/Visit \d|__Host-Http-session/);
  });

  it("is typed by Nuxt's own types, without any of ours for them", async () => {
    const ofNode = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
    const project = ["--noEmit", "--skipLibCheck", "-p", ".nuxt/tsconfig.server.json"];
    expect(await app.run("tsc", [...project, ...ofNode])).toBe("");
  });

  it("keeps Nuxt's own answer to an error after a sign-in, with the cookie", async () => {
    const response = await get("/api/refuse");
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ message: "Refused" });
    expect(await (await get("/")).text()).toContain("Hello, ada.");
  });
});
