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
    const { _header } = res as unknown as Http1;
    if (_header !== undefined) (res as unknown as Http1)._header = isSent ? HELD_HEAD : null;
    // Bun does not read it for this.
    if (res.headersSent !== isSent) show(res, isSent);
  }
}

/** Node's http since its beginnings; middlewares read it as well. */
interface Http1 {
  _header: string | null | undefined;
}

/** A value of its own hides the getter of the prototype. */
function show(object: object, isSent: boolean): void {
  if (isSent) Object.defineProperty(object, "headersSent", { value: true, configurable: true });
  else Reflect.deleteProperty(object, "headersSent");
}
