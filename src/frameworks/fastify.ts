import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  onErrorHookHandler,
  onRequestHookHandler,
} from "fastify";
import { isOfPage } from "../core/failed-page.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { flag, requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { answerPlainly } from "./port/attach-node.ts";
import { type Fallback, holdReply } from "./port/hold.ts";
import { nodeExchange, plainAnswer } from "./port/node-exchange.ts";

/** How {@link sessionPlugin} behaves. */
export interface SessionPluginOptions {
  /**
   * Whether each request has its open session as `request.session`. It is opened before the handlers
   * run: the store is asked where the visitor brings a cookie, and a failure goes to the error handler.
   *
   * @defaultValue `false`
   */
  readonly accessor?: boolean | undefined;
}

/**
 * Sessions for Fastify 5, in the scope that registers it and all scopes within.
 *
 * `sessions.open` takes the `request` or `request.raw`. The response is held until the session is
 * stored; a failure goes to Fastify's error handler, with the `statusCode` that the answer should have
 * (503 for an outage, 409 for an ended session). Where Fastify has no logger, failures are printed.
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const app = Fastify();
 * await app.register(sessionPlugin(sessions));
 * app.get("/", async (request) => {
 *   const session = await sessions.open(request);
 *   return `Visit ${await session.update("visits", (n) => n + 1)}`;
 * });
 */
export function sessionPlugin<D extends object>(
  sessions: Sessions<D>,
  options: SessionPluginOptions = {},
): FastifyPluginCallback {
  // A slip is told where it is made, not when the application starts.
  internalsOf(sessions);
  requireKnownKeys("sessionPlugin(options)", options, ["accessor"]);
  const accessor = flag("accessor", options.accessor) ?? false;
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    const hasLogger = "level" in app.log;
    app.addHook("onRequest", mounting(sessions, hasLogger));
    if (!hasLogger) app.addHook("onError", printing(sessions));
    if (accessor) addAccessor(app, sessions);
    done();
  };
  return Object.assign(plugin, META);
}

/** What fastify-plugin would note: docs/decisions/0101. */
const META: Readonly<Record<symbol, unknown>> = {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "sojourn",
  [Symbol.for("plugin-meta")]: { name: "sojourn", fastify: "5.x" },
};

function mounting(sessions: object, hasLogger: boolean): onRequestHookHandler {
  return (request, reply, done) => {
    const fallback = new ReplyFallback(reply, hasLogger);
    const hold = (visit: Visit): void => holdReply(reply.raw, visit, fallback);
    attach(sessions, nodeExchange(request.raw, reply.raw), [request, request.raw], hold);
    done();
  };
}

/** Without a logger Fastify says nothing of what it answers for. */
function printing(sessions: object): onErrorHookHandler {
  return (request, _reply, error, done) => {
    const visit = internalsOf(sessions).attachments.visitOf([request]);
    if (visit !== undefined && visit.failure === error) visit.report(error, "answered");
    done();
  };
}

/** A `string`: which type it has is for the application to say. */
const ACCESSOR: string = "session";

function addAccessor<D extends object>(app: FastifyInstance, sessions: Sessions<D>): void {
  app.decorateRequest(ACCESSOR, null);
  app.addHook("onRequest", (request: FastifyRequest, _reply, done) => {
    const keep = (session: unknown): void => {
      request.setDecorator(ACCESSOR, session);
      done();
    };
    sessions.open(request).then(keep, done);
  });
}

/** Hands failures to Fastify's error path. */
class ReplyFallback implements Fallback {
  readonly #reply: FastifyReply;
  readonly isPrinting: boolean;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;

  constructor(reply: FastifyReply, isPrinting: boolean) {
    this.#reply = reply;
    this.isPrinting = isPrinting;
  }

  fail(error: unknown): void {
    const reply = this.#reply;
    // Fastify sends nothing more for a reply that its handler has taken over.
    if (reply.sent) {
      answerPlainly(reply.raw, error);
      return;
    }
    for (const name of Object.keys(reply.getHeaders())) {
      if (isOfPage(name)) reply.removeHeader(name);
    }
    keepCookies(reply);
    // Or it would keep the status that the handler wanted.
    reply.code(plainAnswer(error).status);
    reply.send(error);
  }
}

/** Fastify writes its own headers over those of the response, another manager's cookie among them. */
function keepCookies(reply: FastifyReply): void {
  const lines = reply.raw.getHeader("Set-Cookie");
  if (lines === undefined) return;
  reply.removeHeader("Set-Cookie");
  reply.header("Set-Cookie", lines);
}
