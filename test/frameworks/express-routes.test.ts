import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import packageCompression from "compression";
import express, { type RequestHandler } from "express";
import express4 from "express4";
import { afterEach, describe, expect, it } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/express.ts";
import { type TestClient, testClient } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

const FRAMEWORKS = [
  ["Express 5", express],
  ["Express 4", express4 as unknown as typeof express],
] as const;

async function browse(app: express.Express): Promise<TestClient> {
  const { target, close } = await listen(createServer(app));
  onClose(() => close?.());
  return testClient(target, { origin: "https://shop.example" });
}

afterEach(closeAll);

describe.each(FRAMEWORKS)("%s", (_, make) => {
  const named = (sessions: ReturnType<typeof shop>["sessions"]): RequestHandler => {
    return async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.send("named");
    };
  };
  const name = (sessions: ReturnType<typeof shop>["sessions"]): RequestHandler => {
    return async (req, res) => void res.send((await sessions.open(req)).get("name"));
  };

  it("gives routers and sub-applications the session of the request", async () => {
    const { sessions, store } = shop();
    const router = make.Router().get("/name", named(sessions));
    const inner = make().get("/name", name(sessions));
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.use("/router", async (req, _res, next) => void sessions.open(req).then(() => next(), next));
    app.use("/router", router);
    app.use("/inner", inner);
    const client = await browse(app);
    expect(await (await client.get("/router/name")).text()).toBe("named");
    expect(await (await client.get("/inner/name")).text()).toBe("Ada");
    expect(store.calls).toEqual(["create", "load"]);
  });

  it("serves a sub-application that mounts its own", async () => {
    const { sessions } = shop();
    const inner = make();
    inner.use(sessionMiddleware(sessions));
    inner.get("/set", named(sessions)).get("/name", name(sessions));
    const client = await browse(make().use("/inner", inner));
    await client.get("/inner/set");
    expect(await (await client.get("/inner/name")).text()).toBe("Ada");
  });

  it("serves an application that sends a request through itself again", async () => {
    const { sessions } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.get("/old", async (req, res, next) => {
      (await sessions.open(req)).set("name", "Ada");
      req.url = "/new";
      (app as unknown as { handle(...args: unknown[]): void }).handle(req, res, next);
    });
    app.get("/new", async (req, res) => void res.send((await sessions.open(req)).get("name")));
    const client = await browse(app);
    const response = await client.get("/old");
    expect([response.status, await response.text()]).toEqual([200, "Ada"]);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("serves a sub-application that mounts its own beside the outer one's", async () => {
    const { sessions, store } = shop();
    const inner = make();
    inner.use(sessionMiddleware(sessions, { open: "always" }));
    inner.get("/set", named(sessions)).get("/name", name(sessions));
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.use("/inner", inner);
    const client = await browse(app);
    await client.get("/inner/set");
    expect(await (await client.get("/inner/name")).text()).toBe("Ada");
    expect(store.calls).toEqual(["create", "load"]);
  });

  it("sends files, parts of files and 304 with the session's cookie", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sojourn-"));
    onClose(() => rm(folder, { recursive: true }));
    const file = join(folder, "large.txt");
    const content = "0123456789".repeat(100_000);
    await writeFile(file, content);
    const { sessions } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (req, res) => {
      await (await sessions.open(req)).update("visits", (n) => n + 1);
      (await sessions.open(req)).set("name", "Ada");
      res.sendFile(file);
    });
    const client = await browse(app);
    const whole = await client.get("/");
    expect((await whole.text()) === content).toBe(true);
    expect(whole.headers.getSetCookie()).toHaveLength(1);
    const part = await client.get("/", { headers: { Range: "bytes=10-19" } });
    expect([part.status, await part.text()]).toEqual([206, "0123456789"]);
    client.clear();
    const etag = whole.headers.get("etag") ?? "";
    const unchanged = await client.get("/", { headers: { "If-None-Match": etag } });
    expect(unchanged.status).toBe(304);
    expect((await unchanged.text()).length).toBe(0);
    expect(unchanged.headers.getSetCookie()).toHaveLength(1);
  });

  it("keeps res.cookie, res.redirect and res.json as they are", async () => {
    const { sessions } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.cookie("theme", "dark").redirect(303, "/name");
    });
    app.get("/name", async (req, res) => {
      res.json({ name: (await sessions.open(req)).get("name") });
    });
    const client = await browse(app);
    expect(await (await client.get("/")).json()).toEqual({ name: "Ada" });
    expect(
      client
        .cookies()
        .map((cookie) => cookie.name)
        .sort(),
    ).toEqual(["__Host-Http-session", "theme"]);
  });

  it.each([
    ["before", "on-demand", "1.8"],
    ["before", "always", "1.8"],
    ["after", "on-demand", "1.8"],
    ["after", "always", "1.8"],
    ["before", "on-demand", "1.7"],
    ["before", "always", "1.7"],
    ["after", "on-demand", "1.7"],
    ["after", "always", "1.7"],
  ] as const)("works with compression %s it, opening %s (%s)", async (order, open, version) => {
    const { sessions, store } = shop();
    const app = make();
    if (order === "before") app.use(compression(version));
    app.use(sessionMiddleware(sessions, { open }));
    if (order === "after") app.use(compression(version));
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.write("one ");
      res.write("two ");
      res.end("three");
    });
    const client = await browse(app);
    const response = await client.get("/");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toBe("one two three");
    expect(response.headers.getSetCookie()).toHaveLength(1);
    store.failWrites();
    client.clear();
    const failed = await client.get("/");
    expect(failed.status).toBe(503);
    expect(await failed.text()).not.toContain("one two");
  });

  it("flushes each event of a stream through compression, the first one too", async () => {
    const { sessions } = shop();
    const app = make();
    app.use(packageCompression(), sessionMiddleware(sessions));
    const seen = Promise.withResolvers<void>();
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.write("data: first\n\n");
      res.flush();
      await seen.promise;
      res.end("data: second\n\n");
    });
    const client = await browse(app);
    const response = await client.get("/");
    expect(response.headers.get("content-encoding")).not.toBeNull();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: first\n\n");
    seen.resolve();
    expect((await reader?.read())?.value).toBe("data: second\n\n");
  });

  it("keeps the promise of a drain to who listened before, through compression of any size", async () => {
    const { sessions } = shop();
    const app = make();
    // A stream that takes a megabyte before it says that it is full.
    app.use(
      packageCompression({ highWaterMark: 1_048_576 } as object),
      sessionMiddleware(sessions),
    );
    app.get("/:moment", async (req, res) => {
      const isEarly = req.params.moment === "before";
      const drained = isEarly ? once(res, "drain") : undefined;
      (await sessions.open(req)).set("name", "Ada");
      // So little that it need not wait, and so much that it must.
      const isRoom = res.type("html").write("x".repeat(isEarly ? 1_000 : 100_000));
      if (!isRoom) await (drained ?? once(res, "drain"));
      res.end("done");
    });
    const client = await browse(app);
    for (const moment of ["before", "after"]) {
      expect(await (await client.get(`/${moment}`)).text()).toMatch(/^x+done$/);
    }
  });
});

/**
 * In the manner of the package `compression`: patches the response as soon as it is mounted, and
 * writes the head unless it sees that it was written; until 1.7.4 by Node's own `_header`.
 */
function compression(version: "1.7" | "1.8"): RequestHandler {
  return (_req, res, next) => {
    const write = res.write.bind(res) as (chunk: Buffer) => boolean;
    const end = res.end.bind(res) as () => ServerResponse;
    const gzip = createGzip();
    const isHeadWritten = (): boolean =>
      version === "1.8" ? res.headersSent : Reflect.get(res, "_header") !== null;
    const begin = (): void => {
      if (isHeadWritten()) return;
      res.setHeader("Content-Encoding", "gzip");
      res.removeHeader("Content-Length");
      res.writeHead(res.statusCode);
    };
    gzip.on("data", (chunk: Buffer) => {
      if (!write(chunk)) gzip.pause();
    });
    gzip.on("end", () => end());
    res.on("drain", () => gzip.resume());
    res.write = ((chunk: string | Buffer) => {
      begin();
      return gzip.write(chunk);
    }) as typeof res.write;
    res.end = ((chunk?: string | Buffer) => {
      begin();
      gzip.end(chunk);
      return res;
    }) as typeof res.end;
    next();
  };
}
