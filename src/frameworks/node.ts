import type { IncomingMessage, ServerResponse } from "node:http";
import { attach, internalsOf } from "../core/internals.ts";
import type { Visit } from "../core/request/visit.ts";
import type { Sessions } from "../core/sessions.ts";
import { answerPlainly, isBroken } from "./port/attach-node.ts";
import { type Fallback, holdReply } from "./port/hold.ts";
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
    const fallback = new PlainFallback(res);
    const hold = (visit: Visit): void => holdReply(res, visit, fallback);
    const exchange = nodeExchange(req, res);
    const visit = attach(sessions, exchange, [req], hold);
    try {
      const handled = attachments.runAmbient(visit, next);
      fallback.isAwaited = handled instanceof Promise;
      await handled;
      if (fallback.isAwaited && isGone(res)) await keepFor(res, visit);
      // It may leave the answer to a timer, or to another's callback.
      fallback.isAwaited = false;
    } catch (error) {
      // Where it is mounted further out as well, it is answered there.
      if (!visit.isOf(exchange)) throw error;
      await answerFor(error, res, visit);
    }
  };
}

class PlainFallback implements Fallback {
  readonly #res: ServerResponse;
  isAwaited = false;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  fail(error: unknown): void {
    answerPlainly(this.#res, error);
  }
}

/** A handler whose reader has left is done, and may have begun no answer. */
async function keepFor(res: ServerResponse, visit: Visit): Promise<void> {
  if (res.statusCode < 500) await visit.keepUnanswered();
}

async function answerFor(error: unknown, res: ServerResponse, visit: Visit): Promise<void> {
  const { code } = Object(error) as { readonly code?: unknown };
  if (code === "ERR_STREAM_UNABLE_TO_PIPE" && isGone(res)) return keepFor(res, visit);
  // What a pipeline says whose reader has left, or whose response was answered or cut before.
  const isFarewell =
    code === "ERR_STREAM_PREMATURE_CLOSE" && (isGone(res) || visit.phase === "ended");
  if (!isFarewell) visit.report(error, isBroken(res) ? "cut" : "answered");
  answerPlainly(res, error);
}
