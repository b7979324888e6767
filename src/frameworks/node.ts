import type { IncomingMessage, ServerResponse } from "node:http";
import { attach, internalsOf } from "../core/internals.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { answerPlainly, isBroken } from "./port/attach-node.ts";
import { holdReply } from "./port/hold.ts";
import { isGone, nodeExchange, plainAnswer } from "./port/node-exchange.ts";

/** Handles a request within {@link sessionMiddleware}; a rejection becomes a plain error answer. */
export type NodeNext = () => unknown;

/** Runs `next` with sessions for this request. Resolves when `next` has. */
export type NodeMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: NodeNext,
) => Promise<void>;

/**
 * Sessions for Node's own http server.
 *
 * The response is held until the session is stored. A handler that throws or rejects is answered
 * with the error's status (503 for an outage, 409 for an ended session, else 500, and the error is
 * printed).
 *
 * @throws {@link OptionsError} for what createSessions() has not made.
 * @example
 * const withSessions = sessionMiddleware(sessions);
 * http.createServer((req, res) => withSessions(req, res, async () => {
 *   const session = await sessions.open(req);
 *   res.end(`Visit ${await session.update("visits", (n) => n + 1)}`);
 * }));
 */
export function sessionMiddleware<D extends object>(sessions: Sessions<D>): NodeMiddleware {
  // A slip is told where it is made, not at the first request.
  const { attachments } = internalsOf(sessions);
  return async (req, res, next) => {
    const hold = (visit: Visit): void =>
      holdReply(res, visit, { fail: (error) => answerPlainly(res, error), plainAnswer });
    const exchange = nodeExchange(req, res);
    const visit = attach(sessions, exchange, [req], hold);
    try {
      await attachments.runAmbient(visit, next);
    } catch (error) {
      // Where it is mounted further out as well, it is answered there.
      if (!visit.isOf(exchange)) throw error;
      if (!isFarewell(error, res, visit)) visit.report(error, isBroken(res) ? "cut" : "answered");
      answerPlainly(res, error);
    }
  };
}

/** What a pipeline says whose reader has left, or whose response was answered or cut before. */
function isFarewell(error: unknown, res: ServerResponse, visit: Visit): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "ERR_STREAM_PREMATURE_CLOSE" && (isGone(res) || visit.phase === "ended");
}
