import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSessions } from "../../../src/create-sessions.ts";
import { sessionMiddleware } from "../../../src/frameworks/remix.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { describeAdapter, type ServeRoutes, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { installed } from "../support/project.ts";

type Handler = (context: Context) => Response | Promise<Response>;

/** What is used of Remix, which the repository has not installed itself. */
interface Context {
  readonly request: Request;
  get(key: object): unknown;
  set(key: object, value: unknown): void;
}
interface Routes {
  route(method: string, path: string, handler: Handler): void;
  mount(prefix: string, install: (routes: Routes) => void): void;
}
interface Remix {
  createRouter(options: { readonly middleware: readonly unknown[] }): Routes & {
    fetch(request: Request): Promise<Response>;
  };
  createRequestListener(fetch: (request: Request) => Promise<Response>): RequestListener;
}

const CUT = "node-fetch-server cuts the socket before the first byte is flushed";

let remix: Remix;

beforeAll(async () => {
  const folder = await installed("remix");
  const load = (name: string): Promise<object> =>
    import(/* @vite-ignore */ join(folder, "node_modules/@remix-run", name, "dist/index.js"));
  remix = { ...(await load("fetch-router")), ...(await load("node-fetch-server")) } as Remix;
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});

const serve: ServeRoutes = (managers, routes) => {
  const middleware = managers.map((sessions) => sessionMiddleware(sessions));
  const router = remix.createRouter({ middleware });
  for (const { path, isMounted, handle } of routes) {
    const handler: Handler = async (context) => {
      const answer = await handle({ request: context, aliases: [context.request] });
      const { status, headers, body } = answer;
      const stream = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
      return new Response(stream as ReadableStream | null, { status, headers });
    };
    if (isMounted) {
      router.mount("/mounted", (inner) => inner.route("ANY", path.slice(8), handler));
    } else router.route("ANY", path, handler);
  }
  return listen(createServer(remix.createRequestListener((request) => router.fetch(request))));
};

describeAdapter("Remix", serve, {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "a web Response has no 1xx before it",
    "reporting: reports a response that breaks off": CUT,
    "streaming: cuts the response where what changed after the first byte is lost": CUT,
  },
});

describe("Remix's own ways", () => {
  it("gives the open session by a key of the context, and takes a finished redirect", async () => {
    const sessions = createSessions<{ name: string }>({
      store: memoryStore(),
      trustProxy: "all",
      defaults: { name: "" },
    });
    const key = {};
    const router = remix.createRouter({ middleware: [sessionMiddleware(sessions, { key })] });
    router.route("ANY", "/leave", (context) => {
      (context.get(key) as { set(name: "name", value: string): void }).set("name", "Ada");
      return Response.redirect("https://shop.example/name", 303);
    });
    router.route("ANY", "/name", async (context) => {
      return new Response((await sessions.open(context)).get("name"));
    });
    const client = testClient((request) => router.fetch(request), {
      origin: "https://shop.example",
    });
    expect(await (await client.post("/leave")).text()).toBe("Ada");
    await sessions.close();
  });
});
