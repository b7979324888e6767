import { plainText, SessionError } from "../core/errors.ts";
import type { Exchange, Reply, RequestHead } from "../core/exchange.ts";
import { attach, internalsOf } from "../core/internals.ts";
import type { HandleOptions } from "../core/sessions.ts";
import { requestHead } from "../core/source.ts";
import type { Visit } from "../core/visit.ts";

/** Runs a web-standard handler with sessions; what `sessions.handle` does. */
export async function handle(
  sessions: object,
  request: Request,
  handler: (request: Request) => Response | Promise<Response>,
  { remoteAddress }: HandleOptions = {},
): Promise<Response> {
  const exchange = webExchange(requestHead(request, remoteAddress));
  const visit = attach(sessions, exchange, [request]);
  const { attachments } = internalsOf(sessions);
  try {
    const response = await attachments.run(visit, () => handler(request));
    return await keep(visit, exchange, response);
  } catch (error) {
    const isOurs = error instanceof SessionError;
    if (!isOurs && !visit.hasCookie) throw error;
    // A completed signIn or regenerate has ended the old token: its cookie must reach the browser,
    // which it cannot with somebody else's error page.
    if (!isOurs) console.error(error);
    const answer = isOurs ? error.getResponse() : new Response(plainText(500), { status: 500 });
    return await keep(visit, exchange, answer);
  }
}

/** An exchange whose reply is named once the handler has made it. */
export interface WebExchange extends Exchange {
  /** The headers of the response that the session's own are added to. */
  answerWith(headers: Headers): void;
}

/** A web request and the response to come, as the engine sees them. */
export function webExchange(request: RequestHead): WebExchange {
  let headers = new Headers();
  const reply: Reply = {
    get: (name) => headers.get(name) ?? undefined,
    set: (name, value) => headers.set(name, value),
    names: () => [...headers.keys()],
    remove: (name) => headers.delete(name),
    addCookie: (line) => headers.append("Set-Cookie", line),
  };
  return {
    request,
    reply,
    answerWith: (next) => {
      headers = next;
    },
  };
}

/**
 * The response once its session is stored. Its body, while it streams, ends only when what changed
 * since is stored too.
 *
 * @throws what the commit throws; nothing of it is stored then.
 */
export async function keep(
  visit: Visit,
  exchange: WebExchange,
  response: Response,
): Promise<Response> {
  if (!visit.isOpened) {
    visit.end();
    return response;
  }
  const mutable = new Response(heldBody(visit, response.body), response);
  exchange.answerWith(mutable.headers);
  await visit.beforeHeaders(response.status);
  if (response.body === null) visit.end();
  return mutable;
}

function heldBody(
  visit: Visit,
  body: ReadableStream<Uint8Array> | null,
): ReadableStream<Uint8Array> | null {
  if (body === null) return null;
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          visit.end();
          throw error;
        });
        if (!done) return controller.enqueue(value);
        await visit.beforeEnd();
        visit.end();
        controller.close();
      },
      async cancel(reason) {
        await reader.cancel(reason);
        // Nobody is left to whom a failure could be told; listeners hear of it as a storeError.
        await visit.beforeEnd()?.catch(() => undefined);
        visit.end();
      },
    },
    { highWaterMark: 0 },
  );
}
