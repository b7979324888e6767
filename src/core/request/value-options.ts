import { durationMs } from "../duration.ts";
import { requireKnownKeys } from "../option-checks.ts";
import type { EpochMs } from "../record.ts";
import type { ValueOptions } from "../session.ts";

/** From when on a value is due; `undefined` if it has no time of its own. */
export function dueAtOf(
  call: "set" | "update",
  options: ValueOptions | undefined,
  now: () => EpochMs,
): EpochMs | undefined {
  if (options === undefined) return undefined;
  requireKnownKeys(call, options, ["expiresIn"]);
  const { expiresIn } = options;
  return expiresIn === undefined ? undefined : now() + durationMs(`${call}(expiresIn)`, expiresIn);
}
