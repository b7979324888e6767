import type { IncomingMessage, ServerResponse } from "node:http";
import { attach, internalsOf } from "../core/internals.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { answerPlainly, isBroken, isFarewell, keepForNobody } from "./port/attach-node.ts";
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
      const handled = attachments.runAmbient(visit, next);
      await handled;
      // Of what returns no promise nobody knows when it is done.
      if (handled instanceof Promise && isGone(res)) await keepForNobody(res, visit);
    } catch (error) {
      // Where it is mounted further out as well, it is answered there.
      if (!visit.isOf(exchange)) throw error;
      await answerFor(error, res, visit);
    }
  };
}

async function answerFor(error: unknown, res: ServerResponse, visit: Visit): Promise<void> {
  const hasLeft = isFarewell(error) && isGone(res);
  if (hasLeft) return keepForNobody(res, visit);
  // What a pipeline says whose response was answered or cut before is no news.
  const isKnown = isFarewell(error) && visit.phase === "ended";
  if (!isKnown) visit.report(error, isBroken(res) ? "cut" : "answered");
  answerPlainly(res, error);
}
