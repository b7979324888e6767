import { OptionsError, plainText, SessionError } from "../core/errors.ts";
import { isOfPage } from "../core/failed-page.ts";
import { attach, internalsOf } from "../core/internals.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { Visit } from "../core/request/visit.ts";
import { WebHead } from "../core/request-head.ts";
import type { HandleOptions } from "../core/sessions.ts";
import { type WebExchange, webExchange } from "./port/web-exchange.ts";
import { wholeBodyOf } from "./port/whole-body.ts";

/** Runs a web-standard handler with sessions; what `sessions.handle` does. */
export async function handle(
  sessions: object,
  request: Request,
  handler: (request: Request) => Response | Promise<Response>,
  options: HandleOptions = {},
): Promise<Response> {
  requireKnownKeys("handle", options, ["remoteAddress"]);
  const exchange = webExchange(new WebHead(request, options.remoteAddress));
  const visit = attach(sessions, exchange, [request]);
  if (!visit.isOf(exchange)) return handler(request);
  const { attachments } = internalsOf(sessions);
  let page: Response | undefined;
  try {
    page = responseOf(await attachments.run(visit, () => handler(request)));
    return await keep(visit, exchange, page);
  } catch (error) {
    // A completed signIn or regenerate has ended the old token: its cookie must reach the browser,
    // which it cannot with somebody else's error page.
    if (!(error instanceof SessionError) && !visit.hasCookie) {
      visit.reportAnswered();
      throw error;
    }
    visit.report(error, "answered");
    return await keepFailure(visit, exchange, () => plainResponse(error, page));
  }
}

/** What plain JavaScript returns may be anything. A runtime may have a `Response` of its own. */
function responseOf(page: Response): Response {
  if (typeof page?.headers?.get === "function") return page;
  throw new OptionsError("handle(handler)", "it must return a Response, or a promise of one.");
}

/** With what the page that failed had of the application's own, such as its security headers. */
function plainResponse(error: unknown, page: Response | undefined): Response {
  const answer =
    error instanceof SessionError
      ? error.getResponse()
      : new Response(plainText(500), { status: 500, headers: { "Cache-Control": "no-store" } });
  for (const [name, value] of page?.headers ?? []) {
    if (!isOfPage(name)) answer.headers.append(name, value);
  }
  return answer;
}

/** The answer to a failure goes out, whatever else fails with it. */
async function keepFailure(
  visit: Visit,
  exchange: WebExchange,
  answer: () => Response,
): Promise<Response> {
  try {
    return await keep(visit, exchange, answer());
  } catch (error) {
    visit.report(error, "answered");
    visit.end();
    // Anew, as a copy's body could not be cancelled without the original's.
    return answer();
  }
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
  // An adapter further out keeps it.
  if (!visit.isOf(exchange)) return response;
  if (!visit.isOpened) {
    visit.end();
    return response;
  }
  const whole = wholeBodyOf(response);
  const stream = whole === undefined ? response.body : null;
  const held = stream === null ? undefined : new HeldBody(visit, stream);
  // A copy, as the application may keep its response for other visitors.
  const copy = new Response(held?.stream ?? whole ?? null, response);
  exchange.answerWith(copy.headers);
  try {
    await visit.beforeHeaders(response.status);
  } catch (error) {
    // Nobody will read it: its producer is told so.
    held?.abandon(error);
    throw error;
  }
  if (held === undefined) visit.end();
  return copy;
}

/** A body whose end waits until what changed while it streamed is stored. */
class HeldBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #visit: Visit;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #isLeft = false;

  constructor(visit: Visit, body: ReadableStream<Uint8Array>) {
    this.#visit = visit;
    this.#reader = body.getReader();
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  abandon(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { done, value } = await this.#reader.read().catch((error: unknown) => {
      this.#visit.end();
      throw error;
    });
    if (!done) return controller.enqueue(value);
    // For a reader who has left the source is not done, but asked to stop.
    if (this.#isLeft) return undefined;
    try {
      await this.#visit.beforeEnd();
    } catch (error) {
      this.#visit.report(error, "cut");
      throw error;
    } finally {
      this.#visit.end();
    }
    controller.close();
  }

  async #cancel(reason: unknown): Promise<void> {
    this.#isLeft = true;
    const lost = (error: unknown): void => this.#visit.report(error, "left");
    // At once, as the source may take its time to stop, or never do.
    const kept = this.#visit.afterLeaving()?.catch(lost);
    try {
      await this.#reader.cancel(reason);
    } finally {
      await kept;
      await this.#visit.beforeEnd()?.catch(lost);
      this.#visit.end();
    }
  }
}
