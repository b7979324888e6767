import { SessionError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import { isOfPage } from "../../../src/core/failed-page.ts";
import { attach, internalsOf } from "../../../src/core/internals.ts";
import type { Visit } from "../../../src/core/request/visit.ts";
import { WebHead } from "../../../src/core/request-head.ts";
import type { AdapterAnswer, ServeRoutes } from "../../../src/testing/index.ts";

/** What an adapter may get wrong, and the sentence that is the first to say so. */
export const FAULTS = {
  "sends before the commit": "holds the first byte until what was set is stored",
  "forgets the rule for 5xx": "drops the changes of a handler that ends in a 5xx",
  "forgets Vary": "tells caches that what read a session varies with the cookie",
  "forgets Cache-Control": "keeps a signed-in visitor's page from shared caches",
  "replaces Set-Cookie": "keeps the application's own cookies beside the session's",
  "answers 200 where the commit fails":
    "answers 503, never the handler's body, where the save fails",
  "forgets what changes during a stream":
    "stores what changed after the first byte before the last",
  "ends a stream well that should be cut":
    "cuts the response where what changed after the first byte is lost",
  "does not tell the method": "keeps a message that only HEAD or a prefetch has seen",
  "does not tell the headers": "refuses to write on a prefetch with 503, and stores nothing",
  "takes every connection for encrypted":
    "sends no cookie where the browser's own connection is plain HTTP",
  "opens every session": "asks the store nothing and adds no header where no session is opened",
  "swallows the errors of the application": "leaves an error of the application to the framework",
  "lets go of the cookie where the handler fails":
    "lets a sign-out stand where the handler then ends in a 5xx",
  "keeps the headers of the page that failed":
    "lets go of the headers that described the answer which failed",
  "buffers streams": "passes each piece on when it comes",
  "forgets a reader who leaves": "keeps what changed while a stream ran whose reader has left",
  "cuts in silence": "reports a response that breaks off",
  "is deaf to failures": "reports a save that fails, once, with its cause and without the query",
  "forgets who answers without a body":
    "sends one where no session is opened, and asks the store nothing",
  "drops what protects": "lets go of the headers that described the answer which failed",
} as const;

export type Fault = keyof typeof FAULTS;

type Handler = (request: Request) => Promise<Response>;

/** Serves the suite by an adapter of its own, with a fault or without. */
export function serveWith(fault?: Fault): ServeRoutes {
  return (managers, routes) => {
    const respond: Handler = async (request) => {
      const { pathname } = new URL(request.url);
      const route = routes.find(({ path }) => path === pathname);
      if (route === undefined) return new Response(null, { status: 404 });
      return responseOf(await route.handle({ request }));
    };
    const target = managers.reduceRight<Handler>(
      (next, sessions) => (request) => handle(sessions, request, next, fault),
      respond,
    );
    return { target };
  };
}

function responseOf({ status, headers, body }: AdapterAnswer): Response {
  const content = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return new Response(content, { status, headers });
}

async function handle(
  sessions: object,
  request: Request,
  next: Handler,
  fault: Fault | undefined,
): Promise<Response> {
  const headers = new Headers();
  const exchange = exchangeOf(request, headers, fault);
  const visit = attach(sessions, exchange, [request]);
  if (!visit.isOf(exchange)) return next(request);
  if (fault === "opens every session") await visit.open().catch(() => undefined);
  const { response, error } = await outcome(() =>
    internalsOf(sessions).attachments.run(visit, () => next(request)),
  );
  if (error !== undefined && !(error instanceof SessionError)) {
    if (fault !== "swallows the errors of the application") throw error;
  }
  return finish(visit, headers, response, fault);
}

async function outcome(
  act: () => Promise<Response>,
): Promise<{ readonly response: Response; readonly error: unknown }> {
  try {
    return { response: await act(), error: undefined };
  } catch (error) {
    const response = error instanceof SessionError ? error.getResponse() : new Response("fine");
    return { response, error };
  }
}

async function finish(
  visit: Visit,
  headers: Headers,
  response: Response,
  fault: Fault | undefined,
): Promise<Response> {
  const isForgotten = fault === "forgets who answers without a body" && response.body === null;
  if (!visit.isOpened || isForgotten) {
    visit.end();
    return response;
  }
  copyHeaders(response.headers, headers);
  const { status } = response;
  const commit = visit.beforeHeaders(fault === "forgets the rule for 5xx" ? 200 : status);
  if (fault === "sends before the commit") {
    commit?.catch(() => undefined);
    return new Response(response.body, { status, headers });
  }
  try {
    await commit;
  } catch (error) {
    return failed(visit, headers, response, error, fault);
  }
  if (fault === "lets go of the cookie where the handler fails" && status >= 500) {
    headers.delete("set-cookie");
  }
  return new Response(await bodyOf(visit, response, fault), { status, headers });
}

async function failed(
  visit: Visit,
  headers: Headers,
  response: Response,
  error: unknown,
  fault: Fault | undefined,
): Promise<Response> {
  if (fault === "answers 200 where the commit fails") return response;
  if (!(error instanceof SessionError)) throw error;
  if (fault === "is deaf to failures") return new Response("sorry", { status: error.status });
  const page = error.getResponse();
  for (const name of [...headers.keys()]) if (isDropped(name, fault)) headers.delete(name);
  for (const [name, value] of page.headers) if (!headers.has(name)) headers.set(name, value);
  if (fault !== "lets go of the cookie where the handler fails") await visit.beforeHeaders(500);
  return new Response(page.body, { status: page.status, headers });
}

function isDropped(name: string, fault: Fault | undefined): boolean {
  if (fault === "keeps the headers of the page that failed") return false;
  return fault === "drops what protects" || isOfPage(name);
}

/** The response's own headers first, so that the session's are added to them. */
function copyHeaders(from: Headers, to: Headers): void {
  for (const [name, value] of from) to.append(name, value);
}

async function bodyOf(
  visit: Visit,
  response: Response,
  fault: Fault | undefined,
): Promise<ReadableStream<Uint8Array> | string | null> {
  const { body } = response;
  if (body === null) return null;
  if (fault === "forgets what changes during a stream") return body;
  if (fault === "buffers streams") return response.text();
  const flush = async (): Promise<void> => {
    await visit.beforeEnd()?.catch((error: unknown) => {
      if (fault !== "cuts in silence") visit.report(error, "cut");
      if (fault !== "ends a stream well that should be cut") throw error;
    });
  };
  const cancel = async (): Promise<void> => {
    if (fault !== "forgets a reader who leaves") await visit.afterLeaving();
  };
  // The types do not know yet that a reader's leaving is told as well.
  const watcher = { flush, cancel } as ConstructorParameters<typeof TransformStream>[0];
  return body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(watcher));
}

function exchangeOf(request: Request, headers: Headers, fault: Fault | undefined): Exchange {
  const head = new WebHead(request);
  return {
    request: {
      target: head.target,
      remoteAddress: head.remoteAddress,
      names: () => head.names(),
      method: fault === "does not tell the method" ? "GET" : head.method,
      header: (name) =>
        fault === "does not tell the headers" && name !== "cookie" ? undefined : head.header(name),
      isEncrypted: fault === "takes every connection for encrypted" || head.isEncrypted,
    },
    reply: {
      get: (name) => headers.get(name) ?? undefined,
      set: (name, value) => {
        if (fault === `forgets ${name}`) return;
        headers.set(name, value);
      },
      addCookie: (line) => {
        if (fault === "replaces Set-Cookie") headers.set("Set-Cookie", line);
        else headers.append("Set-Cookie", line);
      },
    },
  };
}
