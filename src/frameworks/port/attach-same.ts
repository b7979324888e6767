import { attachInner, internalsOf } from "../../core/internals.ts";

/**
 * Lets a request that an application makes of itself, inside another one, share that one's session:
 * where it carries the same cookies, none included. One that was made without its visitor's cookies
 * was meant to be nobody's, and what comes of it may be kept for everybody.
 *
 * @returns Whether it shares a session; its response is none of ours then.
 */
export function attachSame(
  sessions: object,
  cookie: () => string | null | undefined,
  aliases: readonly object[],
): boolean {
  const enclosing = internalsOf(sessions).attachments.enclosingOf(aliases);
  if (enclosing === undefined) return false;
  const isSame = (enclosing.request.header("cookie") ?? "") === (cookie() ?? "");
  return isSame && attachInner(sessions, aliases);
}
