import { OptionsError } from "../core/errors.ts";
import type { Exchange, Reply, RequestHead } from "../core/exchange.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { flag, requireKnownKeys } from "../core/option-checks.ts";
import { REMOVE, type Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";

/** What the session that {@link issue} makes should be like. */
export interface IssueOptions<D extends object> {
  /** Who is signed in. @defaultValue nobody */
  readonly userId?: string | undefined;
  /** What the session holds. @defaultValue nothing */
  readonly data?: { readonly [K in keyof D]?: D[K] | undefined } | undefined;
  /** Whether the visitor asked to be remembered. @defaultValue `false` */
  readonly persistent?: boolean | undefined;
}

/** A cookie as a browser gets it and sends it. */
export interface CookiePair {
  readonly name: string;
  readonly value: string;
  /** `name=value`, as it stands in a `Cookie` header. */
  readonly cookie: string;
  /** The whole line, as the server would have sent it in `Set-Cookie`. */
  readonly setCookie: string;
}

/** The cookie of a ready-made session, as HTTPS carries it. */
export interface IssuedCookie extends CookiePair {
  /** The session's public id. */
  readonly id: string;
  /**
   * The cookie as it travels in development, over plain HTTP to a loopback address; `undefined` in
   * production. {@link TestClient.use} takes the one that fits.
   */
  readonly development: CookiePair | undefined;
}

/**
 * Stores a ready-made session, as if a visitor had been here before, and resolves to its cookie.
 *
 * @throws {@link OptionsError} for an unknown option or an unusable `userId`, {@link CodecError}
 * for data that the session could not keep, {@link StoreError} if the store cannot answer.
 * @example
 * const { cookie } = await issue(sessions, { userId: "42", data: { cart: ["tea"] } });
 * const response = await app.request("https://shop.example/cart", { headers: { cookie } });
 */
export async function issue<D extends object>(
  sessions: Sessions<D>,
  options: IssueOptions<D> = {},
): Promise<IssuedCookie> {
  requireKnownKeys("issue(options)", options, ["userId", "data", "persistent"]);
  requirePlainObject(options.data);
  flag("issue(persistent)", options.persistent);
  const exchange = new ImaginaryExchange("https://localhost", undefined);
  const request = {};
  const visit = attach(sessions, exchange, [request]);
  const session = await sessions.open(request);
  await fill(session, options);
  await visit.beforeHeaders(200);
  visit.end();
  if (exchange.cookieLine === "") {
    throw new OptionsError(
      "issue(sessions)",
      "makes cookies, and these sessions travel in headers alone: sign in by a request.",
    );
  }
  const secure = pairOf(exchange.cookieLine);
  return { ...secure, id: session.id, development: developmentPair(sessions, secure.value) };
}

async function fill<D extends object>(
  session: Session<D>,
  { userId, data = {}, persistent = false }: IssueOptions<D>,
): Promise<void> {
  for (const [key, value] of Object.entries(data)) {
    if (value !== undefined) session.set(key as keyof D & string, value as never);
  }
  if (userId !== undefined) return session.signIn(userId, { persistent });
  session.persistent = persistent;
  // A visitor who stores nothing has no session; this stores it with nothing in it.
  await session.update(NO_KEY as keyof D & string, () => REMOVE);
}

const NO_KEY = "sojourn";

function requirePlainObject(data: unknown): void {
  if (data === undefined || (typeof data === "object" && data !== null && !Array.isArray(data))) {
    return;
  }
  throw new OptionsError("issue(data)", "it must be an object with a value for each key.");
}

/** A request that nobody sent, and a reply of which the cookie is kept. */
class ImaginaryExchange implements Exchange {
  readonly request: RequestHead;
  readonly reply: Reply;
  cookieLine = "";

  constructor(origin: string, remoteAddress: string | undefined) {
    const { protocol, host } = new URL(origin);
    this.request = {
      method: "GET",
      target: "/",
      header: (name) => (name === "host" ? host : undefined),
      isEncrypted: protocol === "https:",
      remoteAddress,
    };
    this.reply = {
      get: () => undefined,
      set: () => undefined,
      addCookie: (line) => {
        this.cookieLine = line;
      },
    };
  }
}

function developmentPair(sessions: object, value: string): CookiePair | undefined {
  const { carrier, home } = internalsOf(sessions).engine;
  const exchange = new ImaginaryExchange("http://localhost", "127.0.0.1");
  const passage = carrier.arrive(exchange, home, false);
  passage.leave({ cookie: "send", token: value, maxAgeMs: undefined, stale: "none" });
  return exchange.cookieLine === "" ? undefined : pairOf(exchange.cookieLine);
}

function pairOf(setCookie: string): CookiePair {
  const [cookie = ""] = setCookie.split(";", 1);
  const equals = cookie.indexOf("=");
  return { setCookie, cookie, name: cookie.slice(0, equals), value: cookie.slice(equals + 1) };
}
