/**
 * Why a cookie has no value: `absent` (none came, or it was deleted by this request), `malformed`,
 * `expired` (its `maxAge` is over), `altered` (changed, or made as another cookie), `unknownKey` (under
 * a key that is not there), `schema` (none of its `values`, or the schema refuses it), `duplicate`
 * (several came, and nothing tells which is ours), `insecure` (sent over plain HTTP).
 */
export type CookieRefusal =
  | "absent"
  | "malformed"
  | "expired"
  | "altered"
  | "unknownKey"
  | "schema"
  | "duplicate"
  | "insecure";

/** What was read of a cookie: a value, or the reason why there is none. */
export type OwnCookieReading<Value> =
  | {
      readonly value: Value;
      readonly reason?: undefined;
      /** When it was set, by the clock of the server that did. Epoch ms; of a plain one unknown. */
      readonly setAt: number | undefined;
      /** Whether the first of the keys has made it. Where not, set it again at the next occasion. */
      readonly isCurrent: boolean;
    }
  | { readonly value?: undefined; readonly reason: CookieRefusal };

/** A cookie of the application's own, beside the session's. */
export interface OwnCookie<Value> {
  /** Its full name over HTTPS, prefix included. */
  readonly name: string;
  /**
   * The value; `undefined` where none came that counts. After `set` and `delete` it is what they said.
   * The response says `Vary: Cookie` from here on, and `private` for the value of a sealed one.
   *
   * Without an adapter it takes a `Request`, `Headers` or Node request, as `sessions.read` does.
   *
   * @param request - What a handler passes to `sessions.open`.
   * @throws {@link OptionsError} for anything else; never for what the browser has sent.
   */
  get(request: object): Value | undefined;
  /**
   * As `get`, and why there is no value, or when it was set.
   *
   * @throws {@link OptionsError} for what is no request; never for what the browser has sent.
   */
  inspect(request: object): OwnCookieReading<Value>;
  /**
   * Sends the value with the response, which no cache may keep then. As with a session's changes, the
   * last call counts, nothing is sent with a 5xx or over a connection that carries no cookie, and a
   * warning says so.
   *
   * @throws {@link CookieTooLargeError} if it takes more than 4096 bytes with its name.
   * @throws {@link CodecError} if JSON would change or lose it, or the schema refuses it.
   * @throws {@link HeadersSentError} once the response has begun.
   * @throws {@link PrefetchError} in a prefetch, which the visitor has not asked for.
   * @throws {@link OptionsError} if no adapter is mounted for the request.
   */
  set(request: object, value: Value): void;
  /**
   * Makes the browser forget it. Otherwise as `set`.
   *
   * @throws {@link HeadersSentError} once the response has begun.
   * @throws {@link PrefetchError} in a prefetch.
   * @throws {@link OptionsError} if no adapter is mounted for the request.
   */
  delete(request: object): void;
}
