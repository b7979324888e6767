import { OptionsError, SessionError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { attach, attachInner } from "../../core/internals.ts";
import type { Visit } from "../../core/request/visit.ts";
import { act, answer, type Held } from "./next-answers.ts";
import { isForEverybody, type NextJar, nextHead, refuseForEverybody } from "./next-head.ts";
import { webExchange } from "./web-exchange.ts";

/** By what `headers()` gives, which is one object for each request. */
export type HeldRequests = WeakMap<object, Held>;

/** The requests that Next is answering, for one manager, as one copy of the library sees them. */
export class NextRequests {
  readonly #sessions: object;
  readonly #held: HeldRequests;

  constructor(sessions: object, held: HeldRequests) {
    this.#sessions = sessions;
    this.#held = held;
  }

  /**
   * Calls `open` with what leads to the session of the present request. Where nobody holds its answer,
   * the session is opened as after it.
   */
  async open<T>(open: (subject: object) => Promise<T>): Promise<T> {
    const request = await nextHead();
    if (request !== undefined && isForEverybody(request)) refuseForEverybody();
    const inner = {};
    if (attachInner(this.#sessions, [inner])) return open(inner);
    const { key, head } = request ?? outsideNext();
    const known = this.#held.get(key);
    if (known !== undefined) return open(known.subject);
    const { subject, visit } = this.#hold(key, head);
    visit.end();
    try {
      return await open(subject);
    } catch (error) {
      // Next answers, with its page for errors, and prints it.
      visit.report(error, "answered", true);
      throw error;
    }
  }

  /** Runs a route handler, with the request that it was given, or a server action. */
  async run(request: Request | undefined, handler: () => unknown): Promise<unknown> {
    const aliases = request === undefined ? [] : [request];
    const told = await nextHead(request ?? "action");
    if (told !== undefined && isForEverybody(told)) return handler();
    // Behind a custom server the answer is held there, and within another wrapper there.
    if (attachInner(this.#sessions, aliases)) {
      return request === undefined ? handler() : withOwnAnswer(handler);
    }
    const { key, head, jar } = told ?? outsideNext();
    const outer = this.#held.get(key);
    if (outer !== undefined && outer.visit.phase !== "ended") {
      attach(this.#sessions, outer.exchange, [outer.subject, ...aliases]);
      return handler();
    }
    const held = this.#hold(key, head, aliases, jar);
    const run = async (): Promise<unknown> => handler();
    return request === undefined ? act(held, run) : answer(this.#sessions, held, run);
  }

  #hold(key: object, head: RequestHead, aliases: readonly object[] = [], jar?: NextJar): Held {
    const exchange = webExchange(head);
    const visit: Visit = attach(this.#sessions, exchange, [...aliases, exchange]);
    const held = { visit, exchange, subject: exchange, jar };
    this.#held.set(key, held);
    return held;
  }
}

function outsideNext(): never {
  const problem =
    "it was called where Next is answering no request. Use sessions.open(request) there.";
  throw new OptionsError("openSession", problem);
}

/** Next answers 500 to whatever a route handler throws that is not its own: an outage is a 503. */
async function withOwnAnswer(handler: () => unknown): Promise<unknown> {
  try {
    return await handler();
  } catch (error) {
    if (error instanceof SessionError) return error.getResponse();
    throw error;
  }
}
