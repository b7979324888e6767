import type { Clock } from "../core/environment.ts";
import { OptionsError } from "../core/errors.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { IssuedCookie } from "./issue.ts";
import { Jar, type RefusedCookie, type TestCookie } from "./jar.ts";
import { type TestRequest, toFetch } from "./request.ts";
import { resolveTarget, type Send, type TestTarget } from "./target.ts";

/** How a {@link TestClient} behaves. */
export interface TestClientOptions {
  /**
   * What the address bar shows, as `https://shop.example`. Before an address as target the client
   * then plays the proxy that ends TLS: it sends `X-Forwarded-Proto` and `X-Forwarded-Host`, which
   * the application must trust (`trustProxy`).
   *
   * @defaultValue the target's own address; `https://localhost` for a handler
   */
  readonly origin?: string | undefined;
  /**
   * Tells which cookies have expired.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: Clock | undefined;
  /** Headers that every request carries. */
  readonly headers?: RequestInit["headers"] | undefined;
  /** How many redirects one request follows. @defaultValue 20 */
  readonly maxRedirects?: number | undefined;
}

/** A request without a body. */
export type BodilessRequest = Omit<TestRequest, "form" | "json" | "body" | "method">;

/** A client that keeps its cookies from request to request, as a browser does. */
export interface TestClient {
  get(path: string, init?: BodilessRequest): Promise<Response>;
  head(path: string, init?: BodilessRequest): Promise<Response>;
  post(path: string, init?: Omit<TestRequest, "method">): Promise<Response>;
  put(path: string, init?: Omit<TestRequest, "method">): Promise<Response>;
  delete(path: string, init?: Omit<TestRequest, "method">): Promise<Response>;
  /** Any request: with `method`, GET if there is none. */
  fetch(path: string, init?: TestRequest): Promise<Response>;
  /** The live cookies. */
  cookies(): readonly TestCookie[];
  /** The cookies that were sent to this client and that no browser would keep. */
  refused(): readonly RefusedCookie[];
  /** Forgets every cookie: a browser of somebody else. */
  clear(): void;
  /**
   * Takes on the cookie of a session that {@link issue} made.
   *
   * @throws {@link OptionsError} if no browser would send it to the client's address.
   */
  use(cookie: IssuedCookie): void;
}

const MAX_REDIRECTS = 20;

/**
 * A client with a cookie jar over an address or over a web-standard handler, as Python's
 * `requests.Session` is one. It follows redirects, by the rules of browsers.
 *
 * It needs the package `tough-cookie` (a peer dependency) and keeps the strictest of the browsers'
 * rules: Secure, Path, Domain, expiry, name prefixes.
 *
 * @throws {@link OptionsError} for an unusable target or option, or if `tough-cookie` is missing.
 * @example
 * const client = testClient("http://localhost:3000");
 * await client.post("/sign-in", { form: { name: "ada", password: "…" } });
 * const page = await client.get("/account"); // still signed in
 * @example
 * const client = testClient((request) => sessions.handle(request, shop));
 */
export function testClient(target: TestTarget, options: TestClientOptions = {}): TestClient {
  requireKnownKeys("testClient(options)", options, ["origin", "clock", "headers", "maxRedirects"]);
  const { clock = Date, headers, maxRedirects = MAX_REDIRECTS } = options;
  const { base, send } = resolveTarget(target, options.origin);
  const jar = new Jar(clock);
  const browse = new Browser({ base, send, jar, headers, maxRedirects });
  const fetch: TestClient["fetch"] = (path, init = {}) => browse.fetch(path, init);
  return {
    get: (path, init) => fetch(path, { ...init, method: "GET" }),
    head: (path, init) => fetch(path, { ...init, method: "HEAD" }),
    post: (path, init) => fetch(path, { ...init, method: "POST" }),
    put: (path, init) => fetch(path, { ...init, method: "PUT" }),
    delete: (path, init) => fetch(path, { ...init, method: "DELETE" }),
    fetch,
    cookies: () => jar.cookies(),
    refused: () => [...jar.refused],
    clear: () => jar.clear(),
    use: (cookie) => useCookie(jar, base, cookie),
  };
}

interface BrowserParts {
  readonly base: URL;
  readonly send: Send;
  readonly jar: Jar;
  readonly headers: RequestInit["headers"] | undefined;
  readonly maxRedirects: number;
}

/** One request, and where its redirects lead. */
class Browser {
  readonly #parts: BrowserParts;

  constructor(parts: BrowserParts) {
    this.#parts = parts;
  }

  async fetch(path: string, init: TestRequest): Promise<Response> {
    const { base, headers, maxRedirects } = this.#parts;
    let url = new URL(path, base);
    let next = toFetch(init, headers);
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.#send(url, next);
      const location = init.redirect === "manual" ? undefined : redirectOf(response, url);
      if (location === undefined) return located(response, url);
      if (redirects >= maxRedirects) {
        throw new Error(`${url.href} redirected more than ${maxRedirects} times.`);
      }
      await response.body?.cancel();
      next = redirected(next, response.status, url.origin === location.origin);
      url = location;
    }
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const { jar, send } = this.#parts;
    const headers = new Headers(init.headers);
    const cookies = jar.header(url);
    // One that the test wrote itself stands alone.
    if (cookies !== undefined && !headers.has("cookie")) headers.set("cookie", cookies);
    const response = await send(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) jar.store(line, url);
    return response;
  }
}

function redirectOf(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get("location");
  return location === null ? undefined : new URL(location, from);
}

/** The request that follows a redirect (Fetch standard, HTTP-redirect fetch, steps 12 to 14). */
function redirected(init: RequestInit, status: number, isSameOrigin: boolean): RequestInit {
  const headers = new Headers(init.headers);
  headers.delete("cookie");
  if (!isSameOrigin) headers.delete("authorization");
  const { method = "GET" } = init;
  const isPostToGet = (status === 301 || status === 302) && method === "POST";
  const isSeeOther = status === 303 && method !== "GET" && method !== "HEAD";
  if (!isPostToGet && !isSeeOther) return { ...init, headers };
  const { body: _, ...rest } = init;
  for (const name of ["content-type", "content-length", "content-encoding", "content-language"]) {
    headers.delete(name);
  }
  return { ...rest, headers, method: "GET" };
}

/** A handler's own response does not say where it came from. */
function located(response: Response, url: URL): Response {
  return Object.defineProperty(response, "url", { value: url.href, configurable: true });
}

function useCookie(jar: Jar, base: URL, issued: IssuedCookie): void {
  const pair = base.protocol === "https:" ? issued : issued.development;
  if (pair === undefined) {
    throw new OptionsError(
      "use(cookie)",
      `${base.origin} is plain HTTP, where no session cookie travels in production. ` +
        'Give the client an https origin: testClient(target, { origin: "https://localhost" }).',
    );
  }
  try {
    jar.adopt(pair.setCookie, base);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OptionsError("use(cookie)", `no browser at ${base.origin} would keep it: ${reason}.`);
  }
}
