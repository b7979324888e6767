import { createServer } from "node:http";
import { Readable } from "node:stream";
import Koa, { type Context, type Middleware } from "koa";
import { beforeAll, describe, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/koa.ts";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { listen, sendByNode } from "./support/server.ts";

type Send = (ctx: Context, answer: AdapterAnswer) => unknown;

const serveBy =
  (send: Send): ServeRoutes =>
  (managers, routes) => {
    const app = new Koa();
    for (const sessions of managers) app.use(sessionMiddleware(sessions));
    const respond: Middleware = async (ctx) => {
      const route = routes.find(({ path }) => path === ctx.path);
      const earlyHints = (link: string): void => ctx.res.writeEarlyHints({ link });
      const aliases = [ctx.request, ctx.req];
      const answer = await route?.handle({ request: ctx, aliases, earlyHints });
      if (answer !== undefined) await send(ctx, answer);
    };
    const inner = new Koa().use(respond);
    // As koa-mount does it.
    const [mounted = respond] = inner.middleware;
    app.use((ctx, next) => (ctx.path.startsWith("/mounted/") ? mounted(ctx, next) : next()));
    app.use(respond);
    return listen(createServer(app.callback()));
  };

function sendByKoa(ctx: Context, { status, headers, body, by }: AdapterAnswer): void {
  if (by === "error") ctx.throw(status);
  if (by === "redirect") {
    ctx.redirect(new Headers(headers).get("location") ?? "");
    ctx.status = status;
    return;
  }
  ctx.body = typeof body === "object" ? Readable.from(body) : (body ?? null);
  // After the body, as Koa makes a 204 of none.
  ctx.status = status;
  ctx.remove("Content-Type");
  for (const [name, value] of headers) ctx.append(name, value);
}

async function sendRaw(ctx: Context, answer: AdapterAnswer): Promise<void> {
  ctx.respond = false;
  await sendByNode(ctx.res, answer);
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

const options = {
  runner: { describe, it },
  deviations: {
    "failures: lets go of the headers that described the answer which failed":
      "Koa lets go of all headers at an error, of those that protect the visitor too",
  },
};

describeAdapter("Koa", serveBy(sendByKoa), options);
describeAdapter("Koa whose handlers answer by Node's own response", serveBy(sendRaw), options);
