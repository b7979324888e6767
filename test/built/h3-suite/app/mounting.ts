import type { Middleware } from "h3";
import { sessionMiddleware } from "sojourn/h3";
import { suite } from "./suite.ts";

/** Mounts the suite's managers, which it names with each of its servers. */
export const mounting: Middleware = (event, next) =>
  suite()
    .managers.map((sessions) => sessionMiddleware(sessions, { accessor: suite().hasAccessor }))
    .reduceRight<() => unknown>((inner, middleware) => () => middleware(event, inner), next)();
