import type { IncomingMessage, ServerResponse } from "node:http";
import { SessionError } from "../core/errors.ts";
import { attach } from "../core/internals.ts";
import type { Sessions } from "../core/sessions.ts";
import { type Fallback, holdReply } from "./hold.ts";
import { becomePlainAnswer, cutReply, nodeExchange, plainAnswer } from "./node-exchange.ts";

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
 * @example
 * const withSessions = sessionMiddleware(sessions);
 * http.createServer((req, res) => withSessions(req, res, async () => {
 *   const session = await sessions.open(req);
 *   res.end(`Visit ${await session.update("visits", (n) => n + 1)}`);
 * }));
 */
export function sessionMiddleware<D extends object>(sessions: Sessions<D>): NodeMiddleware {
  return async (req, res, next) => {
    const fallback: Fallback = { fail: (error) => answer(res, error), plainAnswer };
    try {
      attach(sessions, nodeExchange(req, res), [req], (visit) => holdReply(res, visit, fallback));
      await next();
    } catch (error) {
      answer(res, error);
    }
  };
}

/** A response that has begun cannot be taken back, only cut; one that is answered stays so. */
function answer(res: ServerResponse, error: unknown): void {
  // The visitor learns nothing of the cause, so it must be told elsewhere.
  if (!(error instanceof SessionError)) console.error(error);
  if (res.writableEnded) return;
  if (res.headersSent) {
    cutReply(res);
    return;
  }
  const plain = plainAnswer(error);
  becomePlainAnswer(res, plain);
  res.end(plain.body);
}
