import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import type { ForeignSessions } from "./foreign-sessions.ts";

/** What can be chosen of any framework whose sessions are shared. */
export interface SharingOptions {
  /**
   * The key of the session's data under which is kept what the framework has no place for: when and
   * with which device the user signed in here, labels, exclusive work, a key's own time. `false`
   * keeps nothing, and refuses what must not be lost.
   *
   * @defaultValue `"_sojourn"`
   */
  readonly factsKey?: string | false | undefined;
  /**
   * How long a session may live that began here, or was signed in to here, whatever the framework
   * says; kept under `factsKey`.
   *
   * @defaultValue none: as long as the framework lets it
   */
  readonly absoluteTimeout?: Duration | undefined;
}

/** The names of {@link SharingOptions}. */
export const SHARING_OPTIONS: readonly string[] = ["factsKey", "absoluteTimeout"];

/** The options of `group` as the definition of a framework's sessions has them. */
export function resolveSharing(
  group: string,
  { factsKey = "_sojourn", absoluteTimeout }: SharingOptions,
): Pick<ForeignSessions, "factsKey" | "absoluteTimeoutMs"> {
  const option = `${group}.absoluteTimeout`;
  const absoluteTimeoutMs =
    absoluteTimeout === undefined ? undefined : durationMs(option, absoluteTimeout);
  if (factsKey !== false) return { factsKey: checkedKey(group, factsKey), absoluteTimeoutMs };
  if (absoluteTimeoutMs === undefined) return { factsKey: undefined, absoluteTimeoutMs };
  throw new OptionsError(option, "needs a factsKey: the beginning of the session is kept there.");
}

function checkedKey(group: string, key: string): string {
  if (typeof key === "string" && key !== "" && key !== "__proto__") return key;
  throw new OptionsError(`${group}.factsKey`, 'must name a key, such as "_sojourn", or be false.');
}
