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
  return isOrigin(url, request, origin) && url.pathname === pathnameOf(request);
}

function isOrigin(url: URL, request: RequestHead, origin: string | undefined): boolean {
  if (origin !== undefined) return url.origin === origin;
  // To browsers, what they ask of their own machine is as safe; that is for development.
  const scheme = LOOPBACK.test(url.hostname) ? url.protocol : "https:";
  return url.origin === URL.parse(`${scheme}//${request.header("host")}`)?.origin;
}

const LOOPBACK = /^(?:(?:[^.]+\.)*localhost|127\.0\.0\.1|\[::1\])$/;

/** The path of a request, without its query. */
export function pathIn({ target }: Pick<RequestHead, "target">): string {
  const [path = ""] = target.split(/[?#]/, 1);
  return path;
}

/** As a URL spells it, whatever the client has spelled. */
function pathnameOf(request: RequestHead): string | undefined {
  return URL.parse(`https://localhost${pathIn(request)}`)?.pathname;
}
