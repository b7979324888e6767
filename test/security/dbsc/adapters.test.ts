import { createServer, get } from "node:http";
import { text } from "node:stream/consumers";
import express, { type ErrorRequestHandler } from "express";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { sessionMiddleware as expressSessions } from "../../../src/frameworks/express.ts";
import { sessionMiddleware as honoSessions } from "../../../src/frameworks/hono.ts";
import { sessionMiddleware as nodeSessions } from "../../../src/frameworks/node.ts";
import type { Sessions, Untyped } from "../../../src/index.ts";
import { dbscMiddleware, deviceBound } from "../../../src/security/dbsc/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";
import { BOUND, Device, LINK, TRIED } from "./support/device.ts";

type Send = (headers: Record<string, string>) => Promise<Response>;
type Close = () => unknown;

async function served(listener: Parameters<typeof createServer>[1]): Promise<[Send, Close]> {
  const { target, close } = await listen(createServer(listener));
  return [(headers) => sent(String(target), headers), () => close?.()];
}

/** Not by `fetch`, which says itself what kind of request it is. */
function sent(url: string, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (res) => {
      const answered = new Headers();
      for (const [name, values] of Object.entries(res.headersDistinct)) {
        for (const value of values ?? []) answered.append(name, value);
      }
      text(res).then((body) => {
        resolve(new Response(body, { status: res.statusCode ?? 0, headers: answered }));
      }, reject);
    }).on("error", reject);
  });
}

/** Applications that each show who is signed in, in their own framework's words. */
const APPLICATIONS: Readonly<
  Record<string, (sessions: Sessions<Untyped>) => Promise<[Send, Close]>>
> = {
  "Node's own": (sessions) => {
    const withSessions = nodeSessions(sessions);
    return served((req, res) =>
      withSessions(req, res, async () => {
        res.setHeader("Cache-Control", "public, max-age=60");
        res.end((await sessions.open(req)).userId);
      }),
    );
  },
  Express: (sessions) => {
    const app = express().use(dbscMiddleware(sessions), expressSessions(sessions));
    app.get("/", async (req, res) => void res.send((await sessions.open(req)).userId));
    return served(app);
  },
  "Express, with an error page": (sessions) => {
    const app = express().use(dbscMiddleware(sessions), expressSessions(sessions));
    app.get("/", async (req, res) => void res.send((await sessions.open(req)).userId));
    const page: ErrorRequestHandler = (error, _req, res, _next) =>
      void res.status(error.status).set("Cache-Control", "max-age=9").send("<h1>Sorry</h1>");
    return served(app.use(page));
  },
  "Express, opened before": (sessions) => {
    const app = express().use(expressSessions(sessions, { open: "always" }));
    app.get("/", async (req, res) => void res.send((await sessions.open(req)).userId));
    return served(app);
  },
  Hono: async (sessions) => {
    const app = new Hono().use(honoSessions(sessions));
    app.get("/", async (c) => c.text(String((await sessions.open(c.req.raw)).userId)));
    return [async (headers) => app.request("https://localhost/", { headers }), () => undefined];
  },
  "the web's": async (sessions) => [
    (headers) =>
      sessions.handle(new Request("https://localhost/", { headers }), async (request) => {
        const session = await sessions.open(request);
        return new Response(session.userId);
      }),
    () => undefined,
  ],
};

describe("a route with a proof, in a router of Express", () => {
  it("is known by the URL that the browser has", async () => {
    const { sessions } = new World({ protections: [deviceBound()], trustProxy: "all" });
    const paths: string[] = [];
    sessions.on("rejected", (_event, request) => void paths.push(request?.path ?? ""));
    const inner = express.Router().get("/begin", async (req, res) => {
      await sessions.open(req);
      res.end();
    });
    const app = express().use(expressSessions(sessions)).use("/account", inner);
    const { target, close } = await listen(createServer(app));
    try {
      const headers = { "x-forwarded-proto": "https", cookie: "__Host-Http-session=x" };
      await sent(`${target}/account/begin`, headers);
      expect(paths).toEqual(["/account/begin"]);
    } finally {
      await close?.();
    }
  });
});

describe.each(Object.keys(APPLICATIONS))(
  "a page without its proof, in an application of %s",
  (name) => {
    it("is asked for again, whoever writes the refusal, and is shown with it", async () => {
      const app = new World({ protections: [deviceBound()], trustProxy: "all" });
      const device = await new Device(app.browser()).bind();
      await device.browser.visit(() => undefined);
      app.clock.move(2 * MINUTE);
      const [send, close] = (await APPLICATIONS[name]?.(app.sessions)) ?? expect.unreachable();
      const ask = (): Promise<Response> => {
        const cookie = [...device.browser.jar].map(([key, value]) => `${key}=${value}`).join("; ");
        return send({ ...LINK, cookie, "x-forwarded-proto": "https" });
      };
      try {
        const shown = await ask();
        expect([shown.status, await shown.text()]).toEqual([200, "ada"]);
        device.forget();
        const refused = await ask();
        expect(refused.status).toBe(403);
        expect(refused.headers.get("refresh")).toBe("0");
        expect(refused.headers.get("cache-control")).toContain("no-store");
        expect(refused.headers.getSetCookie()).toEqual([expect.stringContaining(`${TRIED}=1; `)]);
        // Chromium shows a page of its own where the answer has none, and heeds no header then.
        expect(await refused.text()).not.toBe("");
        expect(device.browser.jar.has(BOUND)).toBe(false);
      } finally {
        await close();
      }
    });
  },
);
