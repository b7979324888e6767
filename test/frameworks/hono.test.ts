import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { beforeAll, describe, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/hono.ts";
import { describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { listen } from "./support/server.ts";

const EARLY_HINTS = "streaming: lets early hints pass while the first byte waits";

function application(...[managers, routes]: Parameters<ServeRoutes>): Hono {
  const app = new Hono();
  for (const sessions of managers) app.use(sessionMiddleware(sessions));
  for (const { path, handle } of routes) {
    app.all(path, async (c: Context) => {
      const aliases = [c.req, c.req.raw];
      const { status, headers, body } = await handle({ request: c, aliases });
      for (const [name, value] of headers) c.header(name, value, { append: true });
      return c.newResponse(
        typeof body === "object" ? ReadableStream.from(body) : (body ?? null),
        status as 200,
      );
    });
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
    deviations: { [EARLY_HINTS]: "a web Response has no 1xx before it" },
  },
);
