import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { setHead } from "../frameworks/port/head-list.ts";

/**
 * Calls once, when the head of a response is about to be written and headers can still be set.
 *
 * What `writeHead` is given is set first: it would replace what is added otherwise.
 */
export function beforeHead(response: ServerResponse, listener: () => void): void {
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse;
  let isOver = false;
  const first = (status: number, args: unknown[]): unknown[] => {
    const [reason, headers] = args;
    const hasReason = typeof reason === "string";
    response.statusCode = status;
    setHead(response, (hasReason ? headers : (headers ?? reason)) as OutgoingHttpHeaders);
    listener();
    // Whoever listened may have chosen another status.
    const isSame = response.statusCode === status;
    return isSame && hasReason ? [status, reason] : [response.statusCode];
  };
  response.writeHead = ((status: number, ...args: unknown[]) => {
    if (isOver) return writeHead.call(response, status, ...args);
    isOver = true;
    return writeHead.apply(response, first(status, args));
  }) as ServerResponse["writeHead"];
}
