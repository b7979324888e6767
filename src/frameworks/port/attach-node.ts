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

/** What pipelines say whose reader has left, or had left before. */
const FAREWELLS: readonly unknown[] = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_UNABLE_TO_PIPE"];

/** Whether an error tells no more than that the response's reader has left. */
export function isFarewell(error: unknown): boolean {
  return FAREWELLS.includes((Object(error) as { readonly code?: unknown }).code);
}

/** Stores what a handler has changed whose reader has left, and that may have begun no answer then. */
export async function keepForNobody(res: ServerResponse, visit: Visit): Promise<void> {
  if (!visit.isOpened || visit.phase === "ended" || res.statusCode >= 500) return;
  await visit.afterLeaving()?.catch((error: unknown) => visit.report(error, "left"));
}

/** The same of one that has failed, of which only what comes of an error below 500 is stored. */
export function failForNobody(res: ServerResponse, visit: Visit, error: object): void {
  const { status = 500 } = error as { readonly status?: number };
  const kept = isFarewell(error) ? keepForNobody(res, visit) : visit.beforeHeaders(status);
  kept?.catch((lost: unknown) => visit.report(lost, "left"));
}

/** Whether the response has begun and will not be whole. */
export function isBroken(res: ServerResponse): boolean {
  return res.headersSent && !res.writableEnded;
}
