import { createRequire } from "node:module";
import type { Cookie, CookieJar } from "tough-cookie";
import type { Clock } from "../core/environment.ts";
import { OptionsError } from "../core/errors.ts";

/** A cookie that a {@link TestClient} holds. */
export interface TestCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** As the server wrote it, in lower case; `undefined` where it wrote none. */
  readonly sameSite: string | undefined;
  /** Epoch ms; `undefined` where the cookie ends with the browser. */
  readonly expiresAt: number | undefined;
}

/** A cookie that the server sent, and why no browser would keep it. */
export interface RefusedCookie {
  readonly name: string;
  readonly reason: string;
}

type ToughCookie = typeof import("tough-cookie");

/** Keeps cookies as a strict browser does: where it is stricter than one of them, none minds. */
export class Jar {
  readonly refused: RefusedCookie[] = [];
  readonly #tough: ToughCookie;
  readonly #clock: Clock;
  readonly #jar: CookieJar;

  constructor(clock: Clock) {
    this.#tough = loadToughCookie();
    this.#clock = clock;
    this.#jar = new this.#tough.CookieJar(undefined, {
      prefixSecurity: "strict",
      // Safari keeps Secure cookies off plain HTTP on localhost too.
      allowSecureOnLocal: false,
    });
  }

  /** The `Cookie` header for a request to `url`, or `undefined` if there is nothing to send. */
  header(url: URL): string | undefined {
    const cookies = this.#jar.getCookiesSync(url, { expire: false, sort: true });
    const live = cookies.filter((cookie) => this.#isLive(cookie));
    return live.length === 0 ? undefined : live.map((cookie) => cookie.cookieString()).join("; ");
  }

  /** Takes in a `Set-Cookie` line of the response from `url`, or remembers why it could not. */
  store(line: string, url: URL): void {
    try {
      this.adopt(line, url);
    } catch (error) {
      const name = line.split(/[=;]/, 1)[0]?.trim() ?? "";
      this.refused.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Takes in a `Set-Cookie` line. @throws if no browser would keep that cookie. */
  adopt(line: string, url: URL): void {
    const cookie = this.#tough.Cookie.parse(line);
    if (cookie === undefined) throw new Error("It is no cookie");
    refuseByPrefix(cookie);
    this.#put(cookie, url);
  }

  /** Every live cookie, whatever request it would travel with. */
  cookies(): TestCookie[] {
    const { cookies } = this.#jar.serializeSync() ?? { cookies: [] };
    return cookies
      .map((serialized) => this.#tough.Cookie.fromJSON(serialized))
      .filter((cookie) => cookie !== undefined)
      .filter((cookie) => this.#isLive(cookie))
      .map(described);
  }

  clear(): void {
    this.#jar.removeAllCookiesSync();
  }

  #put(cookie: Cookie, url: URL): void {
    const now = this.#clock.now();
    // Turned into an instant by our clock: tough-cookie counts Max-Age by the system's, and anew
    // from each access.
    const { maxAge } = cookie;
    if (typeof maxAge === "number") cookie.expires = new Date(now + maxAge * 1_000);
    if (maxAge === "-Infinity") cookie.expires = new Date(0);
    cookie.maxAge = null;
    this.#jar.setCookieSync(cookie, url, { now: new Date(now) });
  }

  #isLive(cookie: Cookie): boolean {
    const expiresAt = expiryOf(cookie);
    return expiresAt === undefined || expiresAt > this.#clock.now();
  }
}

function expiryOf({ expires }: Cookie): number | undefined {
  return expires instanceof Date ? expires.getTime() : undefined;
}

function described(cookie: Cookie): TestCookie {
  const { key, value, domain, path, secure, httpOnly, sameSite } = cookie;
  return {
    name: key,
    value,
    domain: domain ?? "",
    path: path ?? "/",
    secure,
    httpOnly,
    sameSite,
    expiresAt: expiryOf(cookie),
  };
}

/**
 * The rules that tough-cookie 6 does not know: `__Http-` and `__Host-Http-`
 * (draft-ietf-httpbis-layered-cookies), and that a prefix is told without regard to case
 * (RFC 6265bis §5.4). The rest of `__Host-Http-` it checks as `__Host-`.
 */
function refuseByPrefix(cookie: Cookie): void {
  const name = cookie.key.toLowerCase();
  const isHttp = name.startsWith("__http-") || name.startsWith("__host-http-");
  if (isHttp && !(cookie.secure && cookie.httpOnly)) {
    throw new Error("Its prefix asks for Secure and HttpOnly");
  }
  const isSecure = name.startsWith("__secure-") || name.startsWith("__host-");
  if (isSecure && !cookie.secure) throw new Error("Its prefix asks for Secure");
  const isHostBound = cookie.domain === null && cookie.path === "/";
  if (name.startsWith("__host-") && !isHostBound) {
    throw new Error("Its prefix asks for Path=/ and no Domain");
  }
}

/** Loaded when the first client is made: whoever makes none does not need it. */
function loadToughCookie(): ToughCookie {
  try {
    return createRequire(import.meta.url)("tough-cookie") as ToughCookie;
  } catch (cause) {
    throw new OptionsError(
      "testClient",
      "it keeps its cookies in tough-cookie, which is not installed. " +
        "Run: npm install --save-dev tough-cookie",
      { cause },
    );
  }
}
