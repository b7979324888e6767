import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";

/** The headers that `writeHead` takes: an object, a flat list or a list of pairs. */
export type HeaderList = OutgoingHttpHeaders | readonly OutgoingHttpHeader[];

/** The lines of `writeHead`'s headers, in either of its forms; the same name may come twice. */
export function headerLines(
  headers: HeaderList | undefined,
): Map<string, string | string[] | number> {
  const lines = new Map<string, string | string[] | number>();
  if (headers === undefined || headers === null) return lines;
  for (const [name, value] of isList(headers) ? pairs(headers) : Object.entries(headers)) {
    if (value === undefined) continue;
    const key = [...lines.keys()].find((other) => other.toLowerCase() === name.toLowerCase());
    const earlier = key === undefined ? undefined : lines.get(key);
    lines.set(key ?? name, earlier === undefined ? value : [earlier, value].flat().map(String));
  }
  return lines;
}

function isList(headers: HeaderList): headers is readonly OutgoingHttpHeader[] {
  return Array.isArray(headers);
}

function pairs(list: readonly OutgoingHttpHeader[]): [string, OutgoingHttpHeader][] {
  if (list.every(Array.isArray)) return list as unknown as [string, OutgoingHttpHeader][];
  const found: [string, OutgoingHttpHeader][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    found.push([String(list[index]), list[index + 1] ?? ""]);
  }
  return found;
}
