import type { Engine } from "../engine.ts";
import { OptionsError } from "../errors.ts";

/** Shared by every copy of the library: two of them may send cookies on one response. */
const OPENED: unique symbol = Symbol.for("sojourn.opened");

interface Subject {
  [OPENED]?: Opened | undefined;
}

/** A manager whose session the request has opened, and those before it. */
interface Opened {
  readonly engine: Pick<Engine, "name">;
  readonly before: Opened | undefined;
}

/**
 * Makes sure that no other manager of the same name has opened a session of this request: both would
 * send a cookie of one name, and the browser keeps one of them.
 *
 * @throws {@link OptionsError} if one has.
 */
export function requireOwnName(subject: object, engine: Engine): void {
  const before = (subject as Subject)[OPENED];
  for (let opened = before; opened !== undefined; opened = opened.before) {
    if (opened.engine === engine) return;
    if (opened.engine.name !== engine.name) continue;
    throw new OptionsError(
      "name",
      `two session managers named "${engine.name}" are used in one request, and their cookies would ` +
        "replace each other. Give each its own name.",
    );
  }
  (subject as Subject)[OPENED] = { engine, before };
}
