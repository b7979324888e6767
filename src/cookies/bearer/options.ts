import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { BearerHeaders } from "./bearer-carrier.ts";

/** In which headers tokens travel. */
export interface BearerOptions {
  /**
   * A header of the application's own that brings the bare token in place of `Authorization`: where that
   * holds something else, as with HTTP authentication at a proxy or a token of another service.
   *
   * @defaultValue none: `Authorization: Bearer <token>`
   */
  readonly header?: string | undefined;
  /**
   * The header of a response that tells of a new token, and of the end by being empty. Scripts of
   * other origins see it where the application names it in `Access-Control-Expose-Headers`.
   *
   * @defaultValue "Session-Token", or the `header` of your own
   */
  readonly answer?: string | undefined;
}

/** RFC 9110, 5.6.2. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * What a page may have a browser send without asking anybody (Fetch standard: CORS-safelisted), what
 * browsers and proxies write themselves, and what HTTP needs. To bring a token in one of these would
 * prove nothing, or break the request.
 */
const TAKEN =
  /^(?:(?:sec|proxy|access-control|content|if|cf|x-forwarded)-.*|accept(?:-.*)?|authorization|cookie2?|set-cookie2?|range|host|origin|referer|user-agent|connection|keep-alive|transfer-encoding|te|trailer|upgrade(?:-.*)?|via|forwarded|expect|date|dnt|x-real-ip|cache-control|pragma|purpose|x-moz|save-data|dpr|width|viewport-width|device-memory|downlink|ect|rtt|x-http-method(?:-override)?|x-method-override|service-worker.*|last-event-id|x-requested-with|priority|ping-(?:from|to)|traceparent|tracestate|baggage|true-client-ip|x-client-ip|x-request-id)$/;

/** What a response says by itself. */
const TAKEN_BY_ANSWERS =
  /^(?:set-cookie2?|cache-control|vary|location|www-authenticate|date|etag|age|expires|last-modified|server|status|refresh|allow|link|retry-after|clear-site-data)$/;

/** @throws {@link OptionsError} for a name that is none, or that is another header's. */
export function resolveHeaders(maker: string, options: BearerOptions): BearerHeaders {
  requireKnownKeys(maker, options, ["header", "answer"]);
  const { header } = options;
  if (header !== undefined) requireFree(`${maker}.header`, header, "X-Session-Token", [TAKEN]);
  const answer = options.answer ?? header ?? "Session-Token";
  requireFree(`${maker}.answer`, answer, "Session-Token", [TAKEN, TAKEN_BY_ANSWERS]);
  return { own: header?.toLowerCase(), asked: header ?? "Authorization", answer };
}

function requireFree(
  option: string,
  name: unknown,
  example: string,
  taken: readonly RegExp[],
): void {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new OptionsError(option, `must be the name of a header, such as "${example}".`);
  }
  if (name.toLowerCase() === "authorization") {
    throw new OptionsError(option, "leave it out: Authorization: Bearer is what is read then.");
  }
  if (!taken.some((names) => names.test(name.toLowerCase()))) return;
  throw new OptionsError(
    option,
    `${JSON.stringify(name)} is a header of HTTP's, of browsers' or of proxies'. Give the token one of ` +
      `its own, such as "${example}".`,
  );
}
