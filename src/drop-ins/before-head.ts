import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

type Headers = OutgoingHttpHeaders | readonly unknown[];
type WriteHead = (status: number, ...rest: unknown[]) => ServerResponse;

/**
 * Calls `listener` once, as the head of a response is about to be written. The headers that `writeHead`
 * is given are set before, so that the listener sees them and can set others; so is the status, which it
 * can change.
 */
export function beforeHead(res: ServerResponse, listener: () => void): void {
  const really = res.writeHead as WriteHead;
  let isDone = false;
  const writeHead: WriteHead = (status, ...rest) => {
    const message = typeof rest[0] === "string" ? [rest.shift()] : [];
    res.statusCode = status;
    setAll(res, rest[0] as Headers | undefined);
    if (!isDone) {
      isDone = true;
      listener();
    }
    // A reason is of its status, and goes with it.
    if (res.statusCode !== status) return really.call(res, res.statusCode);
    return really.call(res, status, ...message);
  };
  Object.assign(res, { writeHead });
}

function setAll(res: ServerResponse, headers: Headers | undefined): void {
  if (!headers) return;
  if (!isList(headers)) {
    for (const [name, value] of Object.entries(headers)) {
      if (name !== "" && value !== undefined) res.setHeader(name, value);
    }
    return;
  }
  const pairs = pairsOf(headers);
  // Names stand once for each value: what was set before gives way, what stands here adds up.
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value);
}

function isList(headers: Headers): headers is readonly unknown[] {
  return Array.isArray(headers);
}

/** Of the two lists that Node takes: pairs, or names and values in turn. */
function pairsOf(headers: readonly unknown[]): [name: string, value: string][] {
  if (Array.isArray(headers[0])) return headers as [string, string][];
  if (headers.length % 2 !== 0) throw new TypeError("headers array is malformed");
  const names = headers.filter((_, index) => index % 2 === 0);
  return names.map((name, index) => [String(name), headers[2 * index + 1] as string]);
}
