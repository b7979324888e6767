import type { Exchange, Reply, RequestHead } from "../../core/exchange.ts";

/** An exchange whose reply is named once the handler has made it. */
export interface WebExchange extends Exchange {
  /** The headers of the response that the session's own are added to. */
  answerWith(headers: Headers): void;
}

/** A web request and the response to come, as the engine sees them. */
export function webExchange(request: RequestHead): WebExchange {
  return new ResponseToCome(request);
}

class ResponseToCome implements WebExchange {
  readonly request: RequestHead;
  #reply: Reply | undefined;

  constructor(request: RequestHead) {
    this.request = request;
  }

  get reply(): Reply {
    this.#reply ??= replyWith(new Headers());
    return this.#reply;
  }

  answerWith(headers: Headers): void {
    this.#reply = replyWith(headers);
  }
}

function replyWith(headers: Headers): Reply {
  return {
    get: (name) => headers.get(name) ?? undefined,
    set: (name, value) => headers.set(name, value),
    names: () => [...headers.keys()],
    remove: (name) => headers.delete(name),
    addCookie: (line) => headers.append("Set-Cookie", line),
  };
}
