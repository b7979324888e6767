import { forbidSharing, forbidStoring } from "./caching.ts";
import { absoluteEndOf } from "./clocks.ts";
import type { Engine } from "./engine.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { Stay } from "./stay.ts";

/** What the reply must tell beside the state of the session itself. */
export interface ReplyFacts {
  readonly hasStaleCookies: boolean;
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
  { hasStaleCookies, wasSignedIn }: ReplyFacts,
): void {
  const { reply } = exchange;
  addVary(reply);
  const isCookieSent = writeCookie(engine, exchange, stay, hasStaleCookies);
  // CVE-2023-30861: a cached response would hand one visitor's session to the next.
  if (isCookieSent) forbidStoring(reply);
  else if (wasSignedIn || stay.facts.userId !== undefined) {
    forbidSharing(reply, engine.cacheControl);
  }
}

function writeCookie(
  { carrier, environment }: Engine,
  exchange: Exchange,
  stay: Stay,
  hasStaleCookies: boolean,
): boolean {
  const { extras } = carrier;
  const hasExtras = extras?.isPending === true;
  const isWanted =
    stay.cookie !== "none" || hasExtras || (hasStaleCookies && stay.condition === "live");
  if (!isWanted || carrier.obstacle(exchange.request) !== undefined) return false;
  if (hasStaleCookies && stay.condition === "live") carrier.expireStale(exchange);
  const { token, facts } = stay;
  const remainingMs = absoluteEndOf(facts) - environment.now();
  const maxAgeMs = facts.persistent ? remainingMs : undefined;
  if (stay.cookie === "send" && token !== undefined) carrier.send(exchange, token, maxAgeMs);
  else if (stay.cookie === "expire") carrier.expire(exchange);
  if (hasExtras) extras.send(exchange, maxAgeMs);
  return true;
}

function addVary(reply: Reply): void {
  const vary = reply.get("Vary");
  const names = vary?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  if (names.includes("cookie") || names.includes("*")) return;
  reply.set("Vary", vary === undefined ? "Cookie" : `${vary}, Cookie`);
}
