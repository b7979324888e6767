import { forbidSharing, forbidStoring } from "./caching.ts";
import { absoluteEndOf } from "./clocks.ts";
import type { Engine } from "./engine.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { CookieAction, Stay } from "./stay.ts";

/** What the reply must tell beside the state of the session itself. */
export interface ReplyFacts {
  /** Whether the browser has cookies of our names beside the session's own. */
  readonly hasStaleCookies: boolean;
  /** Whether the session's own may stand in the place of one of those. */
  readonly isMisplaced: boolean;
  readonly wasSignedIn: boolean;
}

/**
 * Writes the headers of a response that had a session: its cookie, and what caches must know.
 * Decided once, from facts, when everything else about the response is settled.
 */
export function writeReply(
  engine: Engine,
  exchange: Exchange,
  stay: Stay,
  facts: ReplyFacts,
): void {
  const { reply } = exchange;
  addVary(reply);
  const isCookieSent = writeCookie(engine, exchange, stay, facts);
  // CVE-2023-30861: a cached response would hand one visitor's session to the next.
  if (isCookieSent) forbidStoring(reply);
  else if (facts.wasSignedIn || stay.facts.userId !== undefined) {
    forbidSharing(reply, engine.cacheControl);
  }
}

function writeCookie(
  { carrier, environment }: Engine,
  exchange: Exchange,
  stay: Stay,
  replyFacts: ReplyFacts,
): boolean {
  const { extras } = carrier;
  const hasExtras = extras?.isPending === true;
  const stale = staleOf(stay, replyFacts);
  const action = stale !== "none" && replyFacts.isMisplaced ? sentAgain(stay.cookie) : stay.cookie;
  if (action === "none" && stale === "none" && !hasExtras) return false;
  if (carrier.obstacle(exchange.request) !== undefined) return false;
  // First: a browser that takes one of these places for the current one is put right by what follows.
  if (stale !== "none") carrier.expireStale(exchange, stale);
  const { token, facts } = stay;
  const remainingMs = absoluteEndOf(facts) - environment.now();
  const maxAgeMs = facts.persistent ? remainingMs : undefined;
  if (action === "send" && token !== undefined) carrier.send(exchange, token, maxAgeMs);
  else if (action === "expire") carrier.expire(exchange);
  if (hasExtras) extras.send(exchange, maxAgeMs);
  return true;
}

/** What the browser is told to forget of what it holds in other places. */
function staleOf(
  { condition, cookie }: Stay,
  { hasStaleCookies }: ReplyFacts,
): "none" | "surplus" | "all" {
  if (!hasStaleCookies) return "none";
  if (cookie === "expire") return "all";
  return condition === "live" ? "surplus" : "none";
}

function sentAgain(action: CookieAction): CookieAction {
  return action === "none" ? "send" : action;
}

function addVary(reply: Reply): void {
  const vary = reply.get("Vary");
  const names = vary?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  if (names.includes("cookie") || names.includes("*")) return;
  reply.set("Vary", vary === undefined ? "Cookie" : `${vary}, Cookie`);
}
