import type { Reply } from "./exchange.ts";

/**
 * What a page says of itself beside its body: where it is kept and for how long, where else to go,
 * and what a proxy should send in its place. Of a page that failed, all of it is wrong.
 */
const OF_PAGE: readonly string[] = [
  "ETag",
  "Last-Modified",
  "Expires",
  "Age",
  "CDN-Cache-Control",
  "Cloudflare-CDN-Cache-Control",
  "Netlify-CDN-Cache-Control",
  "Vercel-CDN-Cache-Control",
  "Surrogate-Control",
  "Edge-Control",
  "X-LiteSpeed-Cache-Control",
  "X-Accel-Expires",
  "X-Accel-Redirect",
  "X-LiteSpeed-Location",
  "X-Lighttpd-Send-File",
  "X-Reproxy-URL",
  "X-Sendfile",
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Location",
  "Content-Range",
  "Location",
  "Refresh",
  "Repr-Digest",
  "Digest",
  "Trailer",
];

/** And what describes its body, which the answer to the failure has one of its own of. */
const OF_BODY = /^(?:content-(?!security-policy)|(?:cache-control|transfer-encoding)$)/i;

const NAMES: ReadonlySet<string> = new Set(OF_PAGE.map((name) => name.toLowerCase()));

/**
 * Whether a header belongs to one page alone. What protects the visitor (Content-Security-Policy,
 * CORS and its kin) belongs to every answer.
 */
export function isOfPage(name: string): boolean {
  return NAMES.has(name.toLowerCase()) || OF_BODY.test(name);
}

/**
 * Lets go of what a page that failed has left on the answer to its failure, which describes its own
 * body already. What the page said to caches counts for none of it.
 */
export function forgetPage(reply: Reply): void {
  for (const name of OF_PAGE) if (reply.get(name) !== undefined) reply.remove?.(name);
  const caching = reply.get("Cache-Control");
  if (caching !== undefined && !/\bno-store\b/i.test(caching)) {
    reply.set("Cache-Control", "no-store");
  }
}
