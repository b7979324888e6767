import { OptionsError, SessionError } from "../../core/errors.ts";
import { IS_DENO } from "../../core/platform.ts";
import type { Visit } from "../../core/request/visit.ts";
import type { WebExchange } from "./web-exchange.ts";
import { wholeBodyOf } from "./whole-body.ts";

/**
 * What a handler has returned, which in plain JavaScript may be anything. A runtime may have a
 * `Response` of its own.
 */
export function responseOf(name: string, page: Response): Response {
  if (typeof page?.headers?.get === "function") return page;
  throw new OptionsError(name, "it must return a Response, or a promise of one.");
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
  // `Response.error()`, which tells of a failure, takes no cookie, and of which a copy on Node would be a 200.
  if (response.status === 0) {
    await keepThrown(visit, exchange, 500);
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

/**
 * The same for a response that was made for this visitor alone, of a body that is there in one piece.
 *
 * @throws what the commit throws; nothing of it is stored then.
 */
export async function keepWhole(
  visit: Visit,
  exchange: WebExchange,
  response: Response,
): Promise<Response> {
  exchange.answerWith(response.headers);
  await visit.beforeHeaders(response.status);
  visit.end();
  return response;
}

/**
 * The headers that the framework's own answer to an error is to carry: the cookie of what is stored by
 * then, and what caches must know. The error goes on to the framework.
 *
 * @param status - That of the framework's answer: nothing that was gathered is stored at 500 and above.
 * @param headers - Filled in also where it rejects: the answer to that failure is to carry them.
 * @throws what the commit throws, where something was to be stored.
 */
export async function keepThrown(
  visit: Visit,
  exchange: WebExchange,
  status: number,
  headers: Headers = new Headers(),
): Promise<Headers> {
  if (!visit.isOf(exchange)) return headers;
  exchange.answerWith(headers);
  try {
    await visit.beforeHeaders(status);
  } catch (error) {
    // At these it is the thrown one that is heard of.
    if (status >= 500) return headers;
    // Another page follows. What is done already, such as a sign-in, is told by that one.
    await visit.beforeHeaders(statusOf(error))?.catch(() => undefined);
    throw error;
  } finally {
    visit.end();
  }
  return headers;
}

/**
 * Whether the framework has given the handler up, as the visitor has left. The handler may go on: what it
 * changes then is stored as well.
 */
export async function isGivenUp(
  visit: Visit,
  request: Request | undefined,
  error: unknown,
): Promise<boolean> {
  if (IS_DENO && Object(error).name !== "AbortError") return false;
  if (request?.signal.aborted !== true || error !== request.signal.reason) return false;
  await visit.afterLeaving()?.catch((lost: unknown) => visit.report(lost, "left"));
  return true;
}

function statusOf(error: unknown): number {
  return error instanceof SessionError ? error.status : 500;
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
    this.#visit.afterLeaving()?.catch(lost);
    try {
      await this.#reader.cancel(reason);
    } finally {
      // Waits for that, too.
      await this.#visit.beforeEnd()?.catch(lost);
      this.#visit.end();
    }
  }
}
