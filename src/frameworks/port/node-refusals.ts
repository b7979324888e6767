import type { ServerResponse } from "node:http";

// What Node refuses when it is called, a held response must refuse when it is called, not when the
// commit is done: the handler, which made the slip, is gone by then.

/** Whether Node takes it for a piece of a body. */
export function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === "string" || chunk instanceof Uint8Array;
}

/** @throws what Node throws for text in an encoding that there is not, unless it sends no body. */
export function checkEncoding(res: ServerResponse, chunk: unknown, encoding: unknown): void {
  const isNamed = typeof encoding !== "function" && Boolean(encoding);
  if (typeof chunk !== "string" || !isNamed || Buffer.isEncoding(String(encoding))) return;
  const isBare = res.req?.method === "HEAD" || res.statusCode === 204 || res.statusCode === 304;
  if (isBare) return;
  throw withCode(new TypeError(`Unknown encoding: ${String(encoding)}`), "ERR_UNKNOWN_ENCODING");
}

/** The status as Node sends it; `undefined` where it refuses it. */
export function statusOf(status: unknown): number | undefined {
  const code = Number(status) | 0;
  return code >= 100 && code <= 999 ? code : undefined;
}

/** What no header may hold (RFC 9110 §5.5), as Node sees it. */
const INVALID = /[^\t\x20-\x7e\x80-\xff]/;

/** @throws what Node throws for a status text that cannot be sent. */
export function checkStatusMessage(res: ServerResponse): void {
  // HTTP/2 has none, and warns whoever reads it.
  if (!Object.hasOwn(res, "statusMessage") || !INVALID.test(res.statusMessage ?? "")) return;
  throw withCode(new TypeError("Invalid character in statusMessage"), "ERR_INVALID_CHAR");
}

/** What Node throws where the first byte is out. */
export function headersSent(res: ServerResponse): Error {
  if ("stream" in res) {
    return withCode(new Error("Response has already been initiated."), "ERR_HTTP2_HEADERS_SENT");
  }
  const error = new Error("Cannot write headers after they are sent to the client");
  return withCode(error, "ERR_HTTP_HEADERS_SENT");
}

/** What Node tells the callback of a write for which there is no reader any more. */
export function destroyed(cause: unknown): Error {
  const error = new Error("Cannot call write after a stream was destroyed", { cause });
  return withCode(error, "ERR_STREAM_DESTROYED");
}

/** What Node tells the callback of a write that comes too late. */
export function afterEnd(): Error {
  return withCode(new Error("write after end"), "ERR_STREAM_WRITE_AFTER_END");
}

function withCode(error: Error, code: string): Error {
  return Object.assign(error, { code });
}
