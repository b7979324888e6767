import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "./server.ts";

/** A response that the cache has kept. */
interface Kept {
  /** What the request said under the names of `Vary` (RFC 9111 §4.1). */
  readonly varied: readonly (readonly [name: string, value: string | undefined])[];
  readonly headers: Headers;
  readonly body: Buffer;
  readonly seconds: number;
}

/** A shared cache in front of an application, and whether an answer came from it (`X-Cache`). */
export interface SharedCache {
  readonly target: string;
  close(): Promise<void>;
}

/**
 * A shared cache after RFC 9111 that ends TLS, and keeps whatever it may: Set-Cookie stops it from
 * nothing (§7.3), and it obeys the header that is meant for it alone before `Cache-Control`
 * (RFC 9213). What is stale it revalidates.
 */
export async function sharedCache(origin: string): Promise<SharedCache> {
  const kept = new Map<string, Kept[]>();
  const server = createServer(async (req, res) => {
    const url = req.url ?? "/";
    const found = kept.get(url)?.find((response) => isFor(req, response));
    if (found !== undefined && found.seconds > 0) return send(res, "hit", 200, found);
    const headers = passedOn(req, found?.headers.get("etag") ?? undefined);
    const answer = await fetch(origin + url, { headers, cache: "force-cache" });
    const body = Buffer.from(await answer.arrayBuffer());
    if (found !== undefined && answer.status === 304) {
      return send(res, "revalidated", 200, { ...found, headers: updated(found, answer) });
    }
    const seconds = lifetimeOf(answer.headers);
    const varied = namesOf(answer.headers.get("vary")).map(
      (name) => [name, req.headers[name]?.toString()] as const,
    );
    const response = { varied, headers: answer.headers, body, seconds: seconds ?? 0 };
    if (seconds !== undefined) kept.set(url, [...(kept.get(url) ?? []), response]);
    return send(res, "miss", answer.status, response);
  });
  const { target, close } = await listen(server);
  return { target, close: async () => void (await close?.()) };
}

function passedOn({ headers }: IncomingMessage, etag: string | undefined): Headers {
  return new Headers({
    "x-forwarded-proto": "https",
    ...(headers.cookie !== undefined && { cookie: headers.cookie }),
    ...(etag !== undefined && { "if-none-match": etag }),
  });
}

function isFor(req: IncomingMessage, { varied }: Kept): boolean {
  return varied.every(([name, value]) => name !== "*" && req.headers[name]?.toString() === value);
}

/** A 304 brings the stored headers up to date (§3.2), unless none of it may be stored. */
function updated({ headers }: Kept, { headers: newer }: Response): Headers {
  const all = new Headers(headers);
  if (lifetimeOf(newer) === undefined) return newer;
  for (const [name, value] of newer) all.set(name, value);
  return all;
}

/** For how many seconds the response may be kept; `undefined` where it may not. */
function lifetimeOf(headers: Headers): number | undefined {
  const targeted = headers.get("cdn-cache-control") ?? headers.get("surrogate-control");
  const said = directivesOf(targeted ?? headers.get("cache-control"));
  if (said.has("private")) return undefined;
  if (said.has("no-store") && !said.has("must-understand")) return undefined;
  const age = said.get("s-maxage") ?? said.get("max-age");
  if (age !== undefined) return Number(age);
  const expires = headers.get("expires");
  if (expires !== null) return Math.max((Date.parse(expires) - Date.now()) / 1_000 || 0, 0);
  // Heuristic freshness (§4.2.2).
  return said.has("public") || headers.has("last-modified") ? 60 : undefined;
}

function directivesOf(value: string | null): Map<string, string> {
  return new Map(
    namesOf(value).map((directive) => {
      const [name = "", argument = ""] = directive.split("=");
      return [name, argument];
    }),
  );
}

function namesOf(value: string | null): string[] {
  const names = value?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  return names.filter((name) => name !== "");
}

function send(res: ServerResponse, state: string, status: number, response: Kept): void {
  for (const [name, value] of response.headers) {
    if (!/^(?:connection|keep-alive|transfer-encoding|content-encoding|set-cookie)$/.test(name)) {
      res.setHeader(name, value);
    }
  }
  res.setHeader("set-cookie", response.headers.getSetCookie());
  res.setHeader("x-cache", state);
  res.statusCode = status;
  res.end(response.body);
}
