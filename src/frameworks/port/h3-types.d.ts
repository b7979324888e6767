/**
 * Of h3 2, what its adapter uses. The build alone reads this in the place of h3's own types, which do not
 * compile without the browser's (`skipLibCheck` is off there); `npm run typecheck` reads the real ones.
 */
export interface H3Event {
  readonly req: Request & {
    readonly ip?: string | undefined;
    readonly runtime?: { readonly node?: { readonly req: { readonly httpVersion: string } } };
  };
  readonly app?: { readonly config: H3Config };
  readonly context: Record<string, unknown>;
}
export interface H3Config {
  readonly onResponse?: unknown;
  readonly onError?: (error: HTTPError, event: H3Event) => unknown;
}
export interface HTTPError extends Error {
  readonly status: number;
  readonly statusText: string | undefined;
  readonly headers: Headers | undefined;
}
export type Middleware = (event: H3Event, next: () => unknown) => unknown;
export declare class HTTPResponse {
  readonly body?: unknown;
}
export declare function toResponse(
  value: unknown,
  event: H3Event,
  config?: H3Config,
): Response | Promise<Response>;
