import type { Reply } from "../exchange.ts";

/**
 * Headers that a CDN or a proxy obeys before `Cache-Control` (RFC 9213; Edge Architecture
 * Specification; nginx's proxy module).
 */
const TARGETED = /.-cache-control$|^(?:surrogate-control|edge-control|x-accel-expires)$/i;

/** Those that are asked for where the reply does not tell which headers it has. */
const USUAL_TARGETED: readonly string[] = [
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "netlify-cdn-cache-control",
  "vercel-cdn-cache-control",
  "x-litespeed-cache-control",
  "surrogate-control",
  "edge-control",
  "x-accel-expires",
];

/**
 * Keeps a response out of every cache, whatever was said before: its cookie is one visitor's.
 * Frameworks write `public` by themselves, and Set-Cookie alone stops no cache (RFC 9111 §7.3).
 */
export function forbidStoring(reply: Reply): void {
  const given = reply.get("Cache-Control");
  if (given === undefined || !isKeptNowhere(directivesOf(given))) {
    reply.set("Cache-Control", noStore(given));
  }
  // An HTTP/1.0 cache knows nothing else.
  if (reply.get("Expires") !== undefined) reply.set("Expires", "0");
  forbidTargeted(reply);
}

/**
 * Keeps a response out of caches that serve several visitors; what the application says to the
 * visitor's own browser stays.
 *
 * @param cacheControl - What to say where the application says nothing, or the wrong thing.
 */
export function forbidSharing(reply: Reply, cacheControl: "private" | "no-store"): void {
  const given = reply.get("Cache-Control");
  if (given === undefined) reply.set("Cache-Control", cacheControl);
  else if (isShared(directivesOf(given))) {
    reply.set("Cache-Control", cacheControl === "private" ? privately(given) : noStore(given));
  }
  forbidTargeted(reply);
}

const COOKIE: readonly string[] = ["Cookie"];

/** Tells caches that the response depends on the visitor's cookies, or on what brings their session. */
export function addVary(reply: Reply, names: readonly string[] = COOKIE): void {
  for (const name of names) addToVary(reply, name);
}

function addToVary(reply: Reply, name: string): void {
  const vary = reply.get("Vary");
  const names = vary?.split(",").map((each) => each.trim().toLowerCase());
  if (names?.includes(name.toLowerCase()) || names?.includes("*")) return;
  reply.set("Vary", vary === undefined ? name : `${vary}, ${name}`);
}

function forbidTargeted(reply: Reply): void {
  for (const name of reply.names?.() ?? USUAL_TARGETED) {
    if (!TARGETED.test(name) || reply.get(name) === undefined) continue;
    reply.set(name, name.toLowerCase() === "x-accel-expires" ? "0" : "no-store");
  }
}

/** Compression would hold back a stream that asks not to be touched. */
function noStore(given: string | undefined): string {
  const isFixed = given !== undefined && directivesOf(given).has("no-transform");
  return isFixed ? "no-store, no-transform" : "no-store";
}

function privately(given: string): string {
  const kept = [...directivesOf(given)].filter(([name]) => !SHARING.includes(name));
  return ["private", ...kept.map(([, text]) => text)].join(", ");
}

/** A `private` that names fields hides only those. */
const SHARING: readonly string[] = ["public", "s-maxage", "private"];

function isShared(directives: Directives): boolean {
  const isPrivate = directives.get("private")?.toLowerCase() === "private";
  return hasSharing(directives) || !(isPrivate || isKeptNowhere(directives));
}

function hasSharing(directives: Directives): boolean {
  return directives.has("public") || directives.has("s-maxage");
}

/** To who knows `must-understand` it undoes `no-store` (RFC 9111 §5.2.2.3). */
function isKeptNowhere(directives: Directives): boolean {
  const isKept = directives.has("must-understand") || hasSharing(directives);
  return directives.has("no-store") && !isKept;
}

/** The directives' texts by their names. */
type Directives = ReadonlyMap<string, string>;

/** A comma within quotes parts nothing. */
const DIRECTIVE = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;

function directivesOf(value: string): Directives {
  const texts = value.match(DIRECTIVE) ?? [];
  return new Map(
    texts.map((text) => {
      const [name = ""] = text.split("=", 1);
      return [name.trim().toLowerCase(), text.trim()];
    }),
  );
}
