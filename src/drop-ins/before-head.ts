import type { ServerResponse } from "node:http";
import { type HeadList, setHead } from "../frameworks/port/head-list.ts";

/**
 * Calls once, when the head of a response is about to be written and headers can still be set.
 *
 * What `writeHead` is given is set first: it would replace what is added otherwise. What Node refuses
 * it refuses itself, and the head is still to be written.
 */
export function beforeHead(response: ServerResponse, listener: () => void): void {
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse;
  let isOver = false;
  response.writeHead = ((status: number, ...args: unknown[]) => {
    const [reason, headers] = args;
    const hasReason = typeof reason === "string";
    const list = (hasReason ? headers : (headers ?? reason)) as HeadList | undefined;
    if (isOver || !setHead(response, list)) return writeHead.call(response, status, ...args);
    isOver = true;
    response.statusCode = status;
    listener();
    // Whoever listened may have chosen another status.
    const isSame = response.statusCode === status;
    const rest = isSame && hasReason ? [reason] : [];
    return writeHead.call(response, response.statusCode, ...rest);
  }) as ServerResponse["writeHead"];
}
