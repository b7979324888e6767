import type { RequestHead } from "../../core/exchange.ts";

/**
 * Whether a proof was made for this request, by the URL that it names: one that names none was made
 * for no other.
 *
 * @param origin - The application's own, where it is not `https:` and the request's `Host`.
 */
export function isForTarget(
  named: unknown,
  request: RequestHead,
  origin: string | undefined,
): boolean {
  return named === undefined || isAt(named, request, origin);
}

/** Whether this is the request's URL, but for the query. */
export function isAt(named: unknown, request: RequestHead, origin: string | undefined): boolean {
  const url = typeof named === "string" ? URL.parse(named) : null;
  if (url === null || url.username !== "" || url.password !== "") return false;
  const expected = origin ?? originOf(request);
  return url.origin === expected && url.pathname === pathnameOf(request);
}

function originOf(request: RequestHead): string | undefined {
  return URL.parse(`https://${request.header("host")}`)?.origin;
}

/** The path of a request, without its query. */
export function pathIn({ target }: Pick<RequestHead, "target">): string {
  const [path = ""] = target.split(/[?#]/, 1);
  return path;
}

/** As a URL spells it, whatever the client has spelled. */
function pathnameOf(request: RequestHead): string | undefined {
  return URL.parse(`https://localhost${pathIn(request)}`)?.pathname;
}
