import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** The headers that `writeHead` takes: an object, a flat list or a list of pairs. */
export type HeadList = OutgoingHttpHeaders | readonly OutgoingHttpHeader[];

/**
 * Sets what `writeHead` was given, rather than passing it on, so that it does not replace what is
 * added while the response waits. By the rules of Node's own `writeHead`, which it has where
 * headers were set before.
 *
 * @returns `false` for a list that Node refuses.
 */
export function setHead(res: ServerResponse, headers: HeadList | null | undefined): boolean {
  if (isList(headers))
    return setList(res, headers.every(Array.isArray) ? headers.flat(1) : headers);
  for (const [name, value] of Object.entries(headers ?? {})) {
    // Node throws for `undefined`.
    if (name !== "") res.setHeader(name, value as OutgoingHttpHeader);
  }
  return true;
}

function setList(res: ServerResponse, list: readonly OutgoingHttpHeader[]): boolean {
  if (list.length % 2 !== 0) return false;
  const names = list.filter((_, index) => index % 2 === 0).map(String);
  for (const name of names) res.removeHeader(name);
  for (const [index, name] of names.entries()) {
    const value = list[index * 2 + 1];
    if (name !== "") res.appendHeader(name, value as string);
  }
  return true;
}

function isList(headers: HeadList | null | undefined): headers is readonly OutgoingHttpHeader[] {
  return Array.isArray(headers);
}
