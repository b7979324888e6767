import type { AstroContext } from "../../../src/frameworks/astro.ts";

/** What Astro hands to a middleware, for a page that is rendered on demand where nothing else is said. */
export function contextOf(request: Request, more: Partial<AstroContext> = {}): AstroContext {
  return {
    request,
    url: new URL(request.url),
    locals: {},
    props: {},
    routePattern: "/",
    isPrerendered: false,
    clientAddress: "127.0.0.1",
    rewrite: () => Promise.reject(new Error("There is no such page")),
    ...more,
  };
}
