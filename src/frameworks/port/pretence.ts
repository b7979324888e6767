import type { ServerResponse } from "node:http";

/**
 * Stands where Node keeps a head that it has rendered. A whole answer, should anybody send it past
 * us.
 */
const HELD_HEAD =
  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/**
 * Lets Node take the head for sent while it waits, or no longer: then it is Node itself that
 * refuses a second one, in its own words, and frameworks see that they must not answer any more.
 */
export function pretendSent(res: ServerResponse, isSent: boolean): void {
  const { stream } = res as { readonly stream?: object };
  if (stream !== undefined) show(stream, isSent);
  else {
    const node = res as unknown as Http1;
    if (node._header !== undefined) node._header = isSent ? HELD_HEAD : null;
    // Or it would answer a slow or broken request itself, before the answer that waits.
    if (node._headerSent !== undefined) node._headerSent = isSent;
    // Bun does not read it for this.
    if (res.headersSent !== isSent) show(res, isSent);
  }
}

/** Node's http since its beginnings; middlewares read it as well. */
interface Http1 {
  _header: string | null | undefined;
  _headerSent: boolean | undefined;
}

/** A value of its own hides the getter of the prototype. */
function show(object: object, isSent: boolean): void {
  if (isSent) Object.defineProperty(object, "headersSent", { value: true, configurable: true });
  else Reflect.deleteProperty(object, "headersSent");
}

/** A class whose instances are the objects it is given: its heirs put their fields into those. */
const Itself = function (this: object, object: object): object {
  return object;
} as unknown as new (
  object: object,
) => object;

// As a field it costs a tenth of what `Object.defineProperty` does, and a getter would give each
// response a hidden class of its own.
const Ended = class extends Itself {
  writableEnded = true;
};

/** To the handler the response is over: frameworks decide by this whether they may still answer. */
export function pretendEnded(res: ServerResponse): void {
  if (!Object.hasOwn(res, "writableEnded")) new Ended(res);
  setFinished(res, true);
}

/** Node asks it before it sends anything: what was kept of a response goes out now. */
export function letSend(res: ServerResponse): void {
  setFinished(res, false);
}

/** Node's first name for the same, which older middlewares still read; HTTP/2 has a getter. */
function setFinished(res: ServerResponse, isFinished: boolean): void {
  if (Object.hasOwn(res, "finished")) (res as { finished: boolean }).finished = isFinished;
}

/** The response is as far as it really is. */
export function revealEnd(res: ServerResponse): void {
  Reflect.deleteProperty(res, "writableEnded");
  setFinished(res, false);
}
