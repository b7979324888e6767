import { OptionsError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";

/** What `cookies()` of Next resolves to, as far as it is used here. */
export interface NextJar {
  getAll(): readonly { readonly name: string; readonly value: string }[];
  set(name: string, value: string, options: NextCookieOptions): unknown;
}

/** A cookie's attributes, as Next writes them. */
export interface NextCookieOptions {
  path?: string;
  domain?: string;
  maxAge?: number;
  expires?: Date;
  httpOnly?: boolean;
  secure?: boolean;
  partitioned?: boolean;
  sameSite?: "lax" | "strict" | "none";
  priority?: "low" | "medium" | "high";
}

/** The request that Next is answering. */
export interface NextRequestHead {
  /** One object for each request, whichever part of the application asks. */
  readonly key: Headers;
  readonly head: RequestHead;
  readonly jar: NextJar;
}

/**
 * What Next tells of the request that it is answering; `undefined` where it is answering none, as in the
 * code of a custom server.
 *
 * To ask is to tell Next, too: it keeps nothing that is made of a visitor's own. So it is asked each time,
 * also where the session is known by other means.
 *
 * @param source - The request of a route handler; `"action"`, which is always a POST; left out where
 * neither is known, as in a component.
 * @throws what Next throws where it makes a page or a value that it keeps for everybody.
 */
export async function nextHead(source?: Request | "action"): Promise<NextRequestHead | undefined> {
  // Not before Next has set up what it asks for: a custom server may import this file first. With its
  // suffix, as Next has no `exports`.
  const next = await import("next/headers.js");
  try {
    const [key, jar] = await Promise.all([next.headers(), next.cookies()]);
    return { key, jar, head: new Head(key, jar, source) };
  } catch (error) {
    // It has no code.
    if (String(error).includes("outside a request scope")) return undefined;
    throw error;
  }
}

/**
 * Whether Next makes what it keeps for everybody, in spite of whatever is asked: it shows no headers then,
 * and every request has some.
 */
export function isForEverybody({ key }: NextRequestHead): boolean {
  return key.keys().next().done === true;
}

/** There is no visitor. @throws {@link OptionsError} */
export function refuseForEverybody(): never {
  throw new OptionsError(
    "openSession",
    'what has `dynamic = "force-static"` Next makes once and keeps for everybody, so it has no visitor. ' +
      "Take that out, or read the session in a handler of its own.",
  );
}

class Head implements RequestHead {
  /** Next makes `https:` of whatever `X-Forwarded-Proto` a client writes: `trustProxy` decides. */
  readonly isEncrypted = false;
  /** Next tells nobody's. */
  readonly remoteAddress: undefined;
  readonly #headers: Headers;
  readonly #jar: NextJar;
  readonly #source: Request | "action" | undefined;
  #cookie: string | undefined;

  constructor(headers: Headers, jar: NextJar, source: Request | "action" | undefined) {
    this.#headers = headers;
    this.#jar = jar;
    this.#source = source;
  }

  get method(): string {
    if (typeof this.#source === "object") return this.#source.method;
    // Browsers send an Origin with whatever may change something.
    const mayChange = this.#source === "action" || this.#headers.get("origin") !== null;
    return mayChange ? "POST" : "GET";
  }

  get target(): string {
    if (typeof this.#source !== "object") return "/";
    const { pathname, search } = new URL(this.#source.url);
    return pathname + search;
  }

  header(name: string): string | undefined {
    const value = this.#headers.get(name) ?? undefined;
    if (name !== "cookie") return value;
    this.#cookie ??= cookieHeader(value ?? "", this.#jar);
    return this.#cookie === "" ? undefined : this.#cookie;
  }

  names(): readonly string[] {
    return [...this.#headers.keys()];
  }
}

/**
 * The cookies as they are by now: `proxy.ts` or an action may have set another one since the browser
 * sent them. As they were sent, where nothing is new: of several with one name Next keeps the last.
 */
function cookieHeader(sent: string, jar: NextJar): string {
  const pairs = new Set(sent.split(";").map((pair) => pair.trim()));
  const now = jar.getAll();
  const isSent = now.every(
    ({ name, value }) =>
      pairs.has(`${name}=${value}`) || pairs.has(`${name}=${encodeURIComponent(value)}`),
  );
  if (isSent) return sent;
  return now.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join("; ");
}
