import type { IncomingMessage, ServerResponse } from "node:http";
import { enclose, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Sessions } from "../core/sessions.ts";
import { attachNode } from "./port/attach-node.ts";
import { attachSame } from "./port/attach-same.ts";

/** What is asked of an event of Nuxt's server, which is one of h3 1. */
export interface NuxtEvent {
  readonly node: { readonly req: IncomingMessage; readonly res: ServerResponse };
  readonly context: Record<string, unknown>;
}

/** What is asked of Nuxt's server, which is one of Nitro 2. */
export interface NuxtServer {
  readonly h3App: { handler(event: NuxtEvent): unknown };
}

/** How {@link sessionPlugin} behaves. */
export interface PluginOptions {
  /**
   * Whether each session is opened before the handlers, and stands in `event.context.session`; its
   * type is yours to declare, in h3's `H3EventContext`.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/**
 * Sessions for Nuxt 4 and 3, as a plugin of its server. `sessions.open` takes the event or
 * `event.node.req`.
 *
 * What a page fetches while it is rendered, by `useFetch`, shares the session of the page's own request.
 *
 * @param sessions - The manager, or a function that finds it for a request.
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * // server/plugins/sessions.ts
 * export default defineNitroPlugin(sessionPlugin(sessions));
 *
 * // server/api/visit.ts
 * export default defineEventHandler(async (event) => {
 *   const session = await sessions.open(event);
 *   return { visits: await session.update("visits", (n) => n + 1) };
 * });
 */
export function sessionPlugin<D extends object>(
  sessions: Sessions<D> | ((event: NuxtEvent) => Sessions<D>),
  options: PluginOptions = {},
): (server: NuxtServer) => void {
  // A slip is told where it is made, not at the first request.
  if (typeof sessions !== "function") internalsOf(sessions);
  requireKnownKeys("sessionPlugin(options)", options, ["accessor"]);
  const { accessor = false } = options;
  return ({ h3App }) => {
    const { handler } = h3App;
    const handleWith = (manager: Sessions<D>, event: NuxtEvent): unknown =>
      accessor ? openFirst(manager, event).then(() => handler(event)) : handler(event);
    const handle = (event: NuxtEvent): unknown => {
      const manager = typeof sessions === "function" ? sessions(event) : sessions;
      const { req, res } = event.node;
      const aliases = [event, req];
      if (isSelfMade(res) && attachSame(manager, req.headers.cookie, aliases)) {
        return handleWith(manager, event);
      }
      const visit = attachNode(manager, req, res, [event]);
      return enclose(manager, visit, () => handleWith(manager, event));
    };
    // What h3 keeps beside a handler, such as how it resolves routes.
    h3App.handler = Object.assign(handle, handler);
  };
}

async function openFirst<D extends object>(manager: Sessions<D>, event: NuxtEvent): Promise<void> {
  event.context["session"] = await manager.open(event);
}

/** Whether the server makes the request itself, as by `useFetch` while it renders a page. */
function isSelfMade(res: ServerResponse): boolean {
  return "__unenv__" in res;
}
