import { createServer } from "node:http";
import compression from "compression";
import express, { type ErrorRequestHandler } from "express";
import express4 from "express4";
import { afterEach, describe, expect, it } from "vitest";
import { OptionsError, SessionError } from "../../src/core/errors.ts";
import { type MiddlewareOptions, sessionMiddleware } from "../../src/frameworks/express.ts";
import type { TestClient } from "../../src/testing/index.ts";
import { testClient } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose, shop } from "./support/shop.ts";

type Manager = ReturnType<typeof shop>;
type Define = (app: express.Express, manager: Manager) => void;

const FRAMEWORKS = [
  ["Express 5", express],
  ["Express 4", express4 as unknown as typeof express],
] as const;

async function serve(
  make: typeof express,
  define: Define,
  options: MiddlewareOptions = {},
): Promise<Manager & { readonly client: TestClient; readonly heard: unknown[] }> {
  const manager = shop();
  const heard: unknown[] = [];
  const app = make();
  app.use(sessionMiddleware(manager.sessions, options));
  define(app, manager);
  const answer: ErrorRequestHandler = (error, _req, res, next) => {
    heard.push(error);
    if (res.headersSent) return next(error);
    res.status(error.status ?? 500).json({ code: error.code });
  };
  app.use(answer);
  const { target, close } = await listen(createServer(app));
  onClose(() => close?.());
  return { ...manager, heard, client: testClient(target, { origin: "https://shop.example" }) };
}

afterEach(closeAll);

describe.each(FRAMEWORKS)("%s's error path", (_, make) => {
  it("receives a failing save, with its status, in place of the handler's answer", async () => {
    const { client, store, heard } = await serve(make, (app, { sessions }) => {
      app.get("/", (req, res, next) => {
        const respond = async (): Promise<void> => {
          (await sessions.open(req)).set("name", "Ada");
          res.set("ETag", '"kept"').json({ kept: true });
        };
        respond().catch(next);
      });
    });
    store.failWrites();
    const response = await client.get("/");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ code: "ERR_SESSION_STORE" });
    expect(response.headers.get("etag")).not.toBe('"kept"');
    expect(heard).toHaveLength(1);
    expect(heard[0]).toBeInstanceOf(SessionError);
  });

  it("begins at 500, not at the status that the handler wanted", async () => {
    const { sessions, store } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.status(201).send("created");
    });
    const careless: ErrorRequestHandler = (_error, _req, res, _next) => void res.send("sorry");
    app.use(careless);
    const { target, close } = await listen(createServer(app));
    onClose(() => close?.());
    store.failWrites();
    const response = await testClient(target, { origin: "https://shop.example" }).get("/");
    expect([response.status, await response.text()]).toEqual([500, "sorry"]);
  });

  it('receives an outage from open: "always", and the process lives on', async () => {
    const { client, store } = await serve(
      make,
      (app, { sessions }) => {
        app.get("/", async (req, res) => {
          res.send(`Visit ${(await sessions.open(req)).get("visits") + 1}`);
        });
      },
      { open: "always" },
    );
    store.fail();
    // Express 4 would leave the rejection of an async handler to the process, and the visitor
    // waiting; here the handler is not reached.
    const cookie = `__Host-Http-session=${"A".repeat(43)}`;
    const response = await client.get("/", { headers: { cookie } });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ code: "ERR_SESSION_STORE" });
    store.hinder(undefined);
    expect(await (await client.get("/", { headers: { cookie } })).text()).toBe("Visit 1");
  });

  it("carries nothing of a page whose handler heard of the failure itself", async () => {
    const { client, store } = await serve(make, (app, { sessions }) => {
      app.get("/", (req, res, next) => {
        const respond = async (): Promise<void> => {
          const session = await sessions.open(req);
          res.set({
            ETag: '"page"',
            "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
            "Cache-Control": "public, max-age=3600",
            "Content-Length": "2",
            "Content-Security-Policy": "default-src 'self'",
            Trailer: "X-Sum",
          });
          await session.update("visits", (n) => n + 1);
          res.end("ok");
        };
        respond().catch(next);
      });
    });
    store.failWrites();
    const { status, headers } = await client.get("/");
    expect(status).toBe(503);
    for (const name of ["last-modified", "trailer"]) expect(headers.get(name)).toBeNull();
    expect(headers.get("etag")).not.toBe('"page"');
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toBe("default-src 'self'");
  });

  it("is asked for its page in place of one that compression has in hand", async () => {
    const { sessions, store } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions, { open: "always" }), compression());
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.send("<p>a page</p>".repeat(1_000));
    });
    const answer: ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(error.status).json({ code: error.code });
    };
    app.use(answer);
    const { target, close } = await listen(createServer(app));
    onClose(() => close?.());
    store.failWrites();
    const response = await testClient(target, { origin: "https://shop.example" }).get("/");
    expect([response.status, response.headers.get("content-encoding")]).toEqual([503, null]);
    expect(await response.json()).toEqual({ code: "ERR_SESSION_STORE" });
  });

  it("does not go round where the error page changes the session as well", async () => {
    const { sessions, store } = shop();
    const app = make();
    app.use(sessionMiddleware(sessions));
    app.get("/", async (req, res) => {
      (await sessions.open(req)).set("name", "Ada");
      res.send("done");
    });
    const apologize: ErrorRequestHandler = (_error, req, res, next) => {
      sessions
        .open(req)
        .then((session) => {
          session.flash("notice", "That did not work.");
          res.redirect("/");
        })
        .catch(next);
    };
    app.use(apologize);
    const { target, close } = await listen(createServer(app));
    onClose(() => close?.());
    store.failWrites();
    const client = testClient(target, { origin: "https://shop.example" });
    expect((await client.get("/", { redirect: "manual" })).status).toBe(503);
  });

  it("leaves the application's own errors as they are", async () => {
    const slip = Object.assign(new Error("I am a teapot"), { status: 418, code: "TEAPOT" });
    const { client, heard } = await serve(make, (app, { sessions }) => {
      app.get("/", (req, _res, next) => {
        const respond = async (): Promise<void> => {
          (await sessions.open(req)).set("name", "Ada");
          throw slip;
        };
        respond().catch(next);
      });
    });
    const response = await client.get("/");
    expect([response.status, await response.json()]).toEqual([418, { code: "TEAPOT" }]);
    expect(heard).toEqual([slip]);
  });
});

describe("sessionMiddleware's options", () => {
  it("refuses what createSessions has not made, where it is mounted", () => {
    const options = { store: shop().store } as unknown as Manager["sessions"];
    for (const slip of [undefined as never, options, (() => options) as never]) {
      expect(() => sessionMiddleware(slip)).toThrow(OptionsError);
    }
  });

  it("refuses an option that it does not know", () => {
    const options = { secret: "x" } as MiddlewareOptions;
    expect(() => sessionMiddleware(shop().sessions, options)).toThrow(/secret/);
  });

  it("refuses a time of opening that it does not know", () => {
    const open = "sometimes" as "always";
    expect(() => sessionMiddleware(shop().sessions, { open })).toThrow(OptionsError);
  });
});
