import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { beforeAll, describe, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/hono.ts";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";

const EARLY_HINTS = "streaming: lets early hints pass while the first byte waits";

function respond(c: Context, { status, headers, body, by }: AdapterAnswer): Response {
  if (by === "redirect") return c.redirect(new Headers(headers).get("location") ?? "", 303);
  if (by === "error") throw new HTTPException(status as 422, { message: "Hono's own" });
  for (const [name, value] of headers) c.header(name, value, { append: true });
  const content = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return c.newResponse(content, status as 200);
}

function application(...[managers, routes]: Parameters<ServeRoutes>): Hono {
  const app = new Hono();
  for (const sessions of managers) app.use(sessionMiddleware(sessions));
  for (const { path, isMounted, handle } of routes) {
    const handler = async (c: Context): Promise<Response> =>
      respond(c, await handle({ request: c, aliases: [c.req, c.req.raw] }));
    if (isMounted) app.route("/mounted", new Hono().all(path.slice("/mounted".length), handler));
    else app.all(path, handler);
  }
  return app;
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter(
  "Hono on Node",
  (managers, routes) => {
    const server = createAdaptorServer({ fetch: application(managers, routes).fetch });
    return listen(server as Server);
  },
  {
    runner: { describe, it },
    deviations: { [EARLY_HINTS]: "Hono has no way to send them" },
  },
);
describeAdapter(
  "Hono by app.fetch",
  (managers, routes) => ({ target: application(managers, routes).fetch }),
  {
    runner: { describe, it },
    deviations: {
      [EARLY_HINTS]: "a web Response has no 1xx before it",
      "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
        "there is no connection",
    },
  },
);
