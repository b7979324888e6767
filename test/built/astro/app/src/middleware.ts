import { defineMiddleware, sequence } from "astro:middleware";
import type { MiddlewareHandler } from "astro";
import { sessionMiddleware } from "sojourn/astro";
import { sessionOf } from "./lib/suite";
import { unready } from "./lib/unready";

// A MiddlewareHandler as Astro types it; `astro build` imports this without a store.
const ahead: MiddlewareHandler = sessionMiddleware(unready);

const mounted = defineMiddleware((context, next) => {
  if (globalThis.suite === undefined) return ahead(context, next);
  const { managers, hasAccessor = false } = globalThis.suite;
  const handlers = managers.map((sessions, place) =>
    sessionMiddleware(sessions, { accessor: hasAccessor && place === 0 }),
  );
  return sequence(...handlers)(context, next);
});

const guard = defineMiddleware(async (context, next) => {
  const { pathname } = context.url;
  if (pathname === "/own/guarded") {
    await (await sessionOf(context.request)).signIn("ada");
    return context.redirect("/own/who", 303);
  }
  if (pathname === "/own/passed-on") return next("/own/who");
  return next();
});

export const onRequest = sequence(mounted, guard);
