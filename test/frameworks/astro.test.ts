import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import {
  type AstroContext,
  type AstroMiddleware,
  sessionMiddleware,
} from "../../src/frameworks/astro.ts";
import { contextOf } from "./support/astro.ts";
import { closeAll, type shop as makeShop, onClose, shop } from "./support/shop.ts";

beforeEach(() => {
  vi.stubEnv("NODE_ENV", "production");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await closeAll();
});

const PAGE = "https://shop.example/";

/** Resolves to the page that the wanted request leads to, through the middleware, as Astro does. */
type ErrorPage = (
  next: (pattern: string, page: () => Response) => Promise<Response>,
) => Promise<Response>;

/** A page that signs in and throws, in an application with such an error page. */
async function failing(errorPage: ErrorPage): Promise<{
  readonly response: Promise<Response>;
  readonly shop: ReturnType<typeof makeShop>;
}> {
  const manager = shop({ onError: () => undefined });
  onClose(() => manager.sessions.close());
  const middleware: AstroMiddleware<AstroContext> = sessionMiddleware(manager.sessions);
  const request = new Request(PAGE);
  const context = contextOf(request, {
    rewrite: (wanted) =>
      errorPage((routePattern, page) =>
        middleware(contextOf(wanted, { routePattern }), async () => page()),
      ),
  });
  const response = middleware(context, async () => {
    await (await manager.sessions.open(request)).signIn("ada");
    throw new Error("A slip");
  });
  return { response, shop: manager };
}

it("keeps the headers of 500.astro, and the cookie of a sign-in", async () => {
  const headers = { "X-Own": "page", "Content-Type": "text/html" };
  const { response } = await failing((lead) =>
    lead("/500", () => new Response("Ours", { status: 200, headers })),
  );
  const page = await response;
  expect([page.status, page.headers.get("X-Own"), await page.text()]).toEqual([
    500,
    "page",
    "Ours",
  ]);
  expect(page.headers.getSetCookie()).toHaveLength(1);
});

it("answers plainly where the wanted page leads to another one than 500.astro", async () => {
  const shown = vi.fn(() => new Response("A page for every path"));
  const { response } = await failing((lead) => lead("/[...path]", shown));
  const page = await response;
  expect([page.status, await page.text()]).toEqual([500, "Something went wrong.\n"]);
  expect(page.headers.getSetCookie()).toHaveLength(1);
  expect(shown).not.toHaveBeenCalled();
});

it("answers plainly, with the cookie, where 500.astro fails too", async () => {
  const { response } = await failing((lead) =>
    lead("/500", () => {
      throw new Error("And another");
    }),
  );
  const page = await response;
  expect([page.status, await page.text()]).toEqual([500, "Something went wrong.\n"]);
  expect(page.headers.getSetCookie()).toHaveLength(1);
});

it("leaves a slip to Astro in development, which shows where it is", async () => {
  vi.stubEnv("NODE_ENV", "development");
  const { response } = await failing(() => Promise.reject(new Error("There is no such page")));
  await expect(response).rejects.toThrow("A slip");
});

it("tells whoever reads locals.session in a page that is built ahead what is wrong", async () => {
  const { sessions } = shop();
  onClose(() => sessions.close());
  const context = contextOf(new Request(PAGE), { isPrerendered: true });
  const read = vi.fn(() => Reflect.get(context.locals, "session"));
  await sessionMiddleware(sessions, { accessor: true })(context, async () => {
    expect(read).toThrow(OptionsError);
    expect(read).toThrow("export const prerender = false");
    return new Response("built");
  });
  expect(read).toHaveBeenCalledTimes(2);
});

it("takes a function that finds the manager for a context", async () => {
  const { sessions } = shop();
  onClose(() => sessions.close());
  const context = contextOf(new Request(PAGE));
  const find = vi.fn(() => sessions);
  const response = await sessionMiddleware(find)(context, async () => {
    const session = await sessions.open(context.request);
    return new Response(`Visit ${await session.update("visits", (n) => n + 1)}`);
  });
  expect(await response.text()).toBe("Visit 1");
  expect(find.mock.calls).toEqual([[context]]);
});
