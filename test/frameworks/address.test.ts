import { afterEach, describe, expect, it, vi } from "vitest";
import type { Sessions } from "../../src/core/sessions.ts";
import { sessionMiddleware as astro } from "../../src/frameworks/astro.ts";
import { sessionMiddleware as reactRouter } from "../../src/frameworks/react-router.ts";
import { sessionMiddleware as remix } from "../../src/frameworks/remix.ts";
import { sessionMiddleware as tanStackStart } from "../../src/frameworks/tanstack-start.ts";
import { contextOf } from "./support/astro.ts";
import { closeAll, onClose, type Shop, shop } from "./support/shop.ts";

type Serve = (
  sessions: Sessions<Shop>,
  request: Request,
  address: string,
  handle: () => Promise<Response>,
) => Promise<Response>;

const ADAPTERS: Readonly<Record<string, Serve>> = {
  "Astro's clientAddress": (sessions, request, clientAddress, handle) =>
    astro(sessions)(contextOf(request, { clientAddress }), handle),
  "what React Router's remoteAddress says": (sessions, request, address, handle) =>
    reactRouter(sessions, { remoteAddress: () => address })(
      { request, context: { get: () => undefined as never, set: () => undefined } },
      handle,
    ),
  "what Remix's remoteAddress says": (sessions, request, address, handle) =>
    remix(sessions, { remoteAddress: () => address })({ request, set: () => undefined }, handle),
  "TanStack Start's request.ip": (sessions, request, ip, handle) =>
    tanStackStart(sessions)({
      request: Object.assign(request, { ip }),
      next: async () => ({ response: await handle() }),
    }),
  "what TanStack Start's remoteAddress says": (sessions, request, address, handle) =>
    tanStackStart(sessions, { remoteAddress: () => address })({
      request,
      next: async () => ({ response: await handle() }),
    }),
};

afterEach(async () => {
  vi.restoreAllMocks();
  await closeAll();
});

describe.each(Object.entries(ADAPTERS))("A proxy is known by %s", (_, serve) => {
  it.each([
    ["10.0.0.7", 1],
    ["10.0.0.8", 0],
  ])("and from %s sends so many cookies: %i", async (address, count) => {
    // What cannot be sent is told.
    vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(console, "warn").mockReturnValue();
    const { sessions } = shop({ trustProxy: ["10.0.0.7"] });
    onClose(() => sessions.close());
    const headers = { "X-Forwarded-Proto": "https" };
    const request = new Request("http://shop.example/", { headers });
    const response = await serve(sessions, request, address, async () => {
      (await sessions.open(request)).set("name", "Ada");
      return new Response("ok");
    }).catch(() => new Response());
    expect(response.headers.getSetCookie()).toHaveLength(count);
  });
});
