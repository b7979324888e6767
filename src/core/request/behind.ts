import { OptionsError } from "../errors.ts";
import { type Behind, SessionObject } from "./session-object.ts";

/**
 * What stands behind a session, for functions that are given one.
 *
 * @param call - The function, such as `lock(session)`.
 * @throws {@link OptionsError} for anything but a session that this copy of the library has opened.
 */
export function behind(session: object, call: string): Behind {
  const inside = SessionObject.behind(Object(session));
  if (inside !== undefined) return inside;
  throw new OptionsError(
    call,
    "it takes a session that sessions of this copy of sojourn have opened: " +
      "await sessions.open(request).",
  );
}
