import type { NextFunction, Request, RequestHandler, Response } from "express";
import { OptionsError } from "../core/errors.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { type Fallback, holdReply } from "./port/hold.ts";
import { nodeExchange, plainAnswer } from "./port/node-exchange.ts";

/** How {@link sessionMiddleware} behaves. */
export interface MiddlewareOptions {
  /**
   * When the session is loaded: `"on-demand"` at the first `sessions.open(req)`, or `"always"`
   * before any handler, so that a failure reaches Express by `next(error)`. Choose `"always"` on
   * Express 4, which does not catch the rejection of an async handler.
   *
   * @defaultValue `"on-demand"`
   */
  readonly open?: "on-demand" | "always" | undefined;
}

/**
 * Sessions for Express 4 and 5.
 *
 * The response is held until the session is stored; a failure goes to `next(error)`, with the
 * `status` that the answer should have (503 for an outage, 409 for an ended session).
 *
 * @throws {@link OptionsError} for what createSessions() has not made, and for an unknown option.
 * @example
 * const app = express().use(sessionMiddleware(sessions));
 * app.get("/", async (req, res) => {
 *   const session = await sessions.open(req);
 *   res.send(`Visit ${await session.update("visits", (n) => n + 1)}`);
 * });
 */
export function sessionMiddleware<D extends object>(
  sessions: Sessions<D>,
  options: MiddlewareOptions = {},
): RequestHandler {
  // A slip is told where it is made, not at the first request.
  const { attachments } = internalsOf(sessions);
  requireKnownKeys("sessionMiddleware(options)", options, ["open"]);
  const { open = "on-demand" } = options;
  if (open !== "on-demand" && open !== "always") {
    throw new OptionsError("open", 'it must be "on-demand" or "always".');
  }
  return (req: Request, res: Response, next: NextFunction) => {
    const fallback = new NextFallback(next);
    let visit: Visit;
    try {
      visit = attach(sessions, nodeExchange(req, res), [req], (held) =>
        holdReply(res, held, fallback),
      );
    } catch (error) {
      return next(error);
    }
    const goOn = (): void => attachments.runAmbient(visit, () => next());
    if (open === "on-demand") return goOn();
    sessions.open(req).then(goOn, next);
  };
}

/** Hands failures to Express's error path. */
class NextFallback implements Fallback {
  readonly fail: NextFunction;
  readonly isPrinting = true;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;

  constructor(next: NextFunction) {
    this.fail = next;
  }
}
