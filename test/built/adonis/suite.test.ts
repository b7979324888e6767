import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSessions } from "../../../src/create-sessions.ts";
import {
  type ContextLike,
  type MiddlewareClass,
  sessionMiddleware,
} from "../../../src/frameworks/adonis.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import {
  type AdapterAnswer,
  type AdapterRoute,
  describeAdapter,
  type ServeRoutes,
} from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { blocksOf, isInExample } from "../support/guide.ts";
import { installed, project } from "../support/project.ts";

/** What is used of Adonis, which the repository has not installed itself. */
interface Context extends ContextLike {
  readonly response: ContextLike["response"] & {
    status(status: number): unknown;
    append(name: string, value: string): unknown;
    send(body: unknown): unknown;
    stream(body: Readable): unknown;
    redirect(): { status(status: number): { toPath(path: string): unknown } };
  };
}
interface Router {
  any(path: string, handle: (ctx: Context) => unknown): unknown;
  group(define: () => void): { prefix(path: string): unknown };
}
interface Application {
  readonly container: { make(name: string): Promise<unknown> };
  init(): Promise<void>;
  boot(): Promise<void>;
  start(ready: (app: Application) => Promise<void>): Promise<void>;
  terminate(): Promise<void>;
}
interface AdonisServer {
  use(middleware: readonly (() => Promise<{ readonly default: unknown }>)[]): void;
  boot(): Promise<void>;
  handle: Parameters<typeof createServer>[1];
  setNodeServer(server: Server): void;
}
interface Adonis {
  readonly factory: { new (): { withCoreProviders(): Factory } };
  readonly fail: (message: string, status: number) => Error;
}
interface Factory {
  withCoreConfig(): Factory;
  create(
    root: URL,
    options: { importer(path: string): unknown },
  ): { createApp(environment: "web"): Application };
}

let adonis: Adonis;
let root: URL;

beforeAll(async () => {
  const folder = await installed("adonis");
  root = pathToFileURL(`${folder}/`);
  const load = (path: string) =>
    import(/* @vite-ignore */ join(folder, "node_modules/@adonisjs/core/build", path));
  const { IgnitorFactory } = await load("factories/core/main.js");
  const { Exception } = await load("src/exceptions.js");
  const fail = (message: string, status: number): Error => new Exception(message, { status });
  adonis = { factory: IgnitorFactory, fail };
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});

const serve: ServeRoutes = (managers, routes) =>
  serveBy(
    managers.map((sessions) => sessionMiddleware(sessions)),
    routes,
  );

async function serveBy(
  middlewares: readonly MiddlewareClass[],
  routes: Parameters<ServeRoutes>[1],
): Promise<{ readonly target: string; close(): Promise<void> }> {
  const ignitor = new adonis.factory()
    .withCoreProviders()
    .withCoreConfig()
    .create(root, { importer: (path) => import(/* @vite-ignore */ path) });
  const app = ignitor.createApp("web");
  await app.init();
  await app.boot();
  const router = (await app.container.make("router")) as Router;
  const server = (await app.container.make("server")) as AdonisServer;
  server.use(middlewares.map((middleware) => async () => ({ default: middleware })));
  for (const { path, isMounted, handle } of routes) {
    const answer = async (ctx: Context): Promise<void> => {
      const earlyHints = (link: string): void => ctx.response.response.writeEarlyHints({ link });
      const aliases = [ctx.request, ctx.request.request];
      send(ctx, await handle({ request: ctx, aliases, earlyHints }));
    };
    if (isMounted) {
      router.group(() => router.any(path.slice("/mounted".length), answer)).prefix("/mounted");
    } else router.any(path, answer);
  }
  await app.start(() => server.boot());
  const node = createServer(server.handle?.bind(server));
  server.setNodeServer(node);
  const listening = await listen(node);
  return {
    target: listening.target,
    close: async () => {
      await listening.close?.();
      await app.terminate();
    },
  };
}

function send(ctx: Context, { status, headers, body, by }: AdapterAnswer): void {
  if (by === "error") throw adonis.fail("Adonis' own", status);
  if (by === "redirect") {
    const location = new Headers(headers).get("location") ?? "";
    ctx.response.redirect().status(status).toPath(location);
    return;
  }
  ctx.response.status(status);
  for (const [name, value] of headers) ctx.response.append(name, value);
  if (typeof body === "object") ctx.response.stream(Readable.from(body));
  else ctx.response.send(body ?? null);
}

describeAdapter("AdonisJS", serve, { runner: { describe, it } });

it("shows the open session as ctx.session where that is wanted", async () => {
  const sessions = createSessions({ store: memoryStore() });
  const middlewares = [sessionMiddleware(sessions, { accessor: true })];
  const handle: AdapterRoute["handle"] = async ({ request }) => ({
    status: 200,
    headers: [],
    body: String(Reflect.get(request, "session") === (await sessions.open(request))),
  });
  const server = await serveBy(middlewares, [{ path: "/same", handle }]);
  try {
    expect(await (await fetch(`${server.target}/same`)).text()).toBe("true");
  } finally {
    await server.close();
    await sessions.close();
  }
});

it("fits Adonis' own types, and gives ctx.session its own", async () => {
  const app = await project("adonis");
  try {
    await app.run("tsc", ["--noEmit"]);
  } finally {
    await app.remove();
  }
});

it("shows in its guide what stands in the example", async () => {
  const blocks = await blocksOf("adonis");
  expect(blocks.length).toBeGreaterThan(2);
  for (const block of blocks) expect(await isInExample("adonis", block), block).toBe(true);
});
