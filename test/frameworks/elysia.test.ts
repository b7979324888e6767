import { Elysia } from "elysia";
import { afterEach, beforeAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { Session } from "../../src/core/session.ts";
import { sessionContext, sessionPlugin } from "../../src/frameworks/elysia.ts";
import {
  type AdapterAnswer,
  type AdapterRoute,
  describeAdapter,
  type ServeRoutes,
  testClient,
} from "../../src/testing/index.ts";
import { closeAll, type Shop, shop } from "./support/shop.ts";

const PREFIX = "/mounted";

function answered({ status, headers, body }: AdapterAnswer): Response {
  const content = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return new Response(content, { status, headers });
}

function routed(app: Elysia, prefix: string, routes: readonly AdapterRoute[]): Elysia {
  for (const { path, handle } of routes) {
    app.all(path.slice(prefix.length), async ({ request, status }) => {
      const answer = await handle({ request });
      // Its redirect() takes no path on Node: `Response.redirect` does not.
      if (answer.by === "error") throw status(answer.status as 422, "Elysia's own");
      return answered(answer);
    });
  }
  return app;
}

const serve: ServeRoutes = (managers, routes) => {
  const app = new Elysia();
  for (const sessions of managers) app.use(sessionPlugin(sessions));
  const inside = routes.filter(({ isMounted }) => isMounted === true);
  routed(
    app,
    "",
    routes.filter(({ isMounted }) => isMounted !== true),
  );
  app.use(routed(new Elysia({ prefix: PREFIX }) as unknown as Elysia, PREFIX, inside));
  return { target: (request) => app.fetch(request) };
};

beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter("Elysia", serve, {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "a web Response has no 1xx before it",
    "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
      "there is no connection",
  },
});

describe("Elysia", () => {
  afterEach(closeAll);

  it("has the open session in the context, of its type, where that is asked for", async () => {
    const { sessions, store } = shop();
    const app = new Elysia()
      .use(sessionPlugin(sessions))
      .derive(sessionContext(sessions))
      .get("/", async ({ session, request }) => {
        expectTypeOf(session).toEqualTypeOf<Session<Shop>>();
        expect(await sessions.open(request)).toBe(session);
        return `Visit ${await session.update("visits", (n) => n + 1)}`;
      })
      .get("/other", () => "other");
    const client = testClient(app.fetch);
    expect(await (await client.get("/other")).text()).toBe("other");
    expect(store.calls).toEqual([]);
    expect(await (await client.get("/")).text()).toBe("Visit 1");
    expect(await (await client.get("/")).text()).toBe("Visit 2");
  });

  it("answers an outage with 503 and without its message, and leaves it to onError first", async () => {
    const { sessions, store } = shop();
    const told = vi.spyOn(console, "error").mockReturnValue();
    told.mockClear();
    const plain = new Elysia()
      .use(sessionPlugin(sessions))
      .derive(sessionContext(sessions))
      .get("/", ({ session }) => session.get("name"))
      .get("/set", ({ session }) => session.set("name", "Ada"));
    const own = new Elysia()
      .use(sessionPlugin(sessions))
      .onError(({ error, status }) =>
        error instanceof StoreError ? status(error.status, "Back soon") : undefined,
      )
      .get("/", async ({ request }) => (await sessions.open(request)).get("name"));
    let app: { handle(request: Request): Response | Promise<Response> } = plain;
    const client = testClient((request) => app.handle(request));
    await client.get("/set");
    store.hinder(() => Promise.reject(new Error("The line is cut")));
    const answer = await client.get("/");
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe("Service unavailable. Please try again in a moment.\n");
    expect(told.mock.calls).toEqual([[expect.stringMatching(/503[\s\S]*The line is cut/)]]);
    app = own;
    const page = await client.get("/");
    const text = await page.text();
    expect([page.status, text]).toEqual([503, "Back soon"]);
  });
});
