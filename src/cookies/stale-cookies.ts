import type { RequestHead } from "../core/exchange.ts";
import { type CookieAttributes, cookieAttributes, expireCookie } from "./set-cookie.ts";

/** A path or a host of more parts than this gets no further lines. */
const MAX_PARTS = 4;

/**
 * The lines that make a browser forget cookies of our name that it holds beside the current one:
 * left by an older Domain or Path. The server is not told where a cookie came from, so every
 * place that the browser could have sent it from is named, but for the current one.
 */
export function expireStaleCookies(
  name: string,
  attributes: CookieAttributes,
  request: RequestHead,
): string[] {
  const lines: string[] = [];
  for (const domain of domainsOf(request)) {
    for (const path of pathsOf(request)) {
      const isCurrent = domain === attributes.domain && path === attributes.path;
      if (isCurrent) continue;
      lines.push(expireCookie(name, cookieAttributes({ ...attributes, domain, path })));
    }
  }
  return lines;
}

/** The host alone, the host's domain, and the domains above it. */
function domainsOf(request: RequestHead): (string | undefined)[] {
  const host = (request.header("host") ?? "").toLowerCase().replace(/:\d+$/, "");
  const labels = host.split(".");
  const isName = /^[a-z0-9.-]+$/.test(host) && !/^\d+$/.test(labels.at(-1) ?? "");
  if (!isName) return [undefined];
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
  return [undefined, ...domains.slice(0, MAX_PARTS)];
}

/** The root, and every folder of the request's path. */
function pathsOf({ target }: RequestHead): string[] {
  const [pathname = "/"] = target.split("?", 1);
  const parts = /^\/[\x21-\x3a\x3c-\x7e]*$/.test(pathname)
    ? pathname.split("/").filter((part) => part !== "")
    : [];
  const folders = parts
    .slice(0, MAX_PARTS)
    .map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
  return ["/", ...folders];
}
