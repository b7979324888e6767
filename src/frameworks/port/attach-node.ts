import type { IncomingMessage, ServerResponse } from "node:http";
import { attach } from "../../core/internals.ts";
import type { Visit } from "../../core/request/visit.ts";
import { holdReply } from "./hold.ts";
import { becomePlainAnswer, cutReply, nodeExchange, plainAnswer } from "./node-exchange.ts";

/**
 * Begins a request of a framework that stands on Node's `http`: from here on its response is held
 * until the session is stored.
 *
 * @param aliases - What else its handlers may pass to `sessions.open`, beside `req`.
 * @param fail - Answers in the place of a response whose session cannot be stored; plainly, with the
 * error's status, where left out.
 */
export function attachNode(
  sessions: object,
  req: IncomingMessage,
  res: ServerResponse,
  aliases: readonly object[] = [],
  fail: (error: unknown) => void = (error) => answerPlainly(res, error),
): Visit {
  return attach(sessions, nodeExchange(req, res), [req, ...aliases], (visit) =>
    holdReply(res, visit, { fail, plainAnswer }),
  );
}

/** A response that has begun cannot be taken back, only cut; one that is answered stays so. */
export function answerPlainly(res: ServerResponse, error: unknown): void {
  if (isBroken(res)) cutReply(res);
  if (res.headersSent) return;
  const plain = plainAnswer(error);
  becomePlainAnswer(res, plain);
  res.end(plain.body);
}

/** Whether the response has begun and will not be whole. */
export function isBroken(res: ServerResponse): boolean {
  return res.headersSent && !res.writableEnded;
}
