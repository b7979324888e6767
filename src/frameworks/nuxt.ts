import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "../core/events.ts";
import { attach, enclose, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { answerPlainly } from "./port/attach-node.ts";
import { attachSame } from "./port/attach-same.ts";
import { type Fallback, holdReply } from "./port/hold.ts";
import { isMadeForKept, showUnlessKept } from "./port/kept-by-nitro.ts";
import { nodeExchange, plainAnswer } from "./port/node-exchange.ts";

/** What is asked of an event of Nuxt's server, which is one of h3 1. */
export interface NuxtEvent {
  readonly node: { readonly req: IncomingMessage; readonly res: ServerResponse };
  readonly context: Record<string, unknown>;
}

/** What is asked of Nuxt's server, which is one of Nitro 2. */
export interface NuxtServer {
  readonly h3App: {
    handler(event: NuxtEvent): unknown;
    readonly options?: ErrorHandling;
  };
}

/** Nuxt prints an error there, and answers with its page for it, or in JSON. */
interface ErrorHandling {
  onError?(error: Error, event: NuxtEvent): unknown;
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
 * Failures have Nuxt's own error page, with their status (503 for an outage).
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
    const { handler, options: settings } = h3App;
    const handleWith = (manager: Sessions<D>, event: NuxtEvent): unknown =>
      accessor ? openFirst(manager, event).then(() => handler(event)) : handler(event);
    const handle = (event: NuxtEvent): unknown => {
      const manager = typeof sessions === "function" ? sessions(event) : sessions;
      const { req, res } = event.node;
      const aliases = [event, req];
      const { attachments } = internalsOf(manager);
      const isCopy = (asked: object): boolean => (asked as IncomingMessage).headers !== req.headers;
      const isInner = isSelfMade(res) && !isForEverybody(manager, req);
      if (isInner && attachSame(manager, () => req.headers.cookie, aliases)) {
        attachments.screen(req, isCopy);
        return handleWith(manager, event);
      }
      const fallback = new ErrorPage(event, settings);
      const hold = (visit: Visit): void => holdReply(res, visit, fallback);
      const visit = attach(manager, nodeExchange(req, res), aliases, hold);
      visit.isForEverybody = () => isKept(event.context);
      attachments.screen(req, isCopy);
      return enclose(manager, visit, () => handleWith(manager, event));
    };
    // What h3 keeps beside a handler, such as how it resolves routes.
    h3App.handler = Object.assign(handle, handler);
  };
}

async function openFirst<D extends object>(manager: Sessions<D>, event: NuxtEvent): Promise<void> {
  showUnlessKept(event.context, await manager.open(event), () => isKept(event.context));
}

/**
 * Nitro hands the visitor's own context to a handler whose answer it keeps, and says so in it; and a proxy
 * of the request, with headers of its own, that shows whatever else is on the request.
 */
function isKept(context: NuxtEvent["context"] | undefined): boolean {
  // The application may keep something of its own under that name.
  const cache = context?.["cache"] as { readonly options?: unknown } | null | undefined;
  return cache?.options !== undefined;
}

function isForEverybody(manager: object, req: IncomingMessage): boolean {
  // What Nuxt's own calls bring along; a plain `$fetch` brings nothing.
  const { __unenv__: caller } = req as { readonly __unenv__?: NuxtEvent["context"] };
  return isKept(caller) || isMadeForKept(manager, req);
}

/** Hands failures to Nuxt's error path. */
class ErrorPage implements Fallback {
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;
  readonly #event: NuxtEvent;
  readonly #handling: ErrorHandling | undefined;

  constructor(event: NuxtEvent, handling: ErrorHandling | undefined) {
    this.#event = event;
    this.#handling = handling;
  }

  get isPrinting(): boolean {
    return this.#handling?.onError !== undefined;
  }

  fail(error: unknown): void {
    const answer = (): void => answerPlainly(this.#event.node.res, error);
    this.#shown(error).then(answer, answer);
  }

  async #shown(error: unknown): Promise<void> {
    await this.#handling?.onError?.(thrown(error), this.#event);
  }
}

/** As h3 makes it of what a handler throws. */
function thrown(error: unknown): Error {
  const { status: statusCode } = plainAnswer(error);
  const made = new Error(messageOf(error), { cause: error });
  return Object.assign(made, { statusCode, unhandled: true });
}

/** Whether the server makes the request itself, as by `useFetch` while it renders a page. */
function isSelfMade(res: ServerResponse): boolean {
  return "__unenv__" in res;
}
