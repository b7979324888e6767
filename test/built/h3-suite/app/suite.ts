import { type H3Event, HTTPError, HTTPResponse, redirect, writeEarlyHints } from "h3";
import type { AdapterAnswer, ServeRoutes } from "sojourn/testing";

/** What the tests hand to this application. */
interface Suite {
  readonly managers: Parameters<ServeRoutes>[0];
  readonly routes: Parameters<ServeRoutes>[1];
  readonly hasAccessor?: boolean;
  /** What the server functions of its pages do, by their names. */
  readonly pages: Readonly<Record<string, (request: Request) => unknown>>;
}

export function suite(): Suite {
  return (globalThis as unknown as { readonly suite: Suite }).suite;
}

/** Serves a route of the suite, by the event or by the request in it. */
export async function answer(event: H3Event, request: object = event): Promise<HTTPResponse> {
  const route = suite().routes.find(({ path }) => path === new URL(event.req.url).pathname);
  if (route === undefined) throw HTTPError.status(404);
  const earlyHints = (link: string): Promise<void> | void => writeEarlyHints(event, { link });
  return sent(await route.handle({ request, aliases: [event, event.req], earlyHints }));
}

function sent({ status, headers, body, by }: AdapterAnswer): HTTPResponse {
  if (by === "redirect") return redirect(new Headers(headers).get("location") ?? "", status);
  if (by === "error") throw HTTPError.status(status, "its own");
  const stream = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return new HTTPResponse(stream as BodyInit | null, { status, headers });
}
