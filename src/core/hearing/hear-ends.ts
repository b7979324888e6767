import type { Engine } from "../engine.ts";
import type { EndListener } from "../store.ts";
import type { Stop } from "./end-feed.ts";
import { localEnds } from "./local-ends.ts";

/**
 * Begins to hear what ends: what the store announces, or what this process ends where it announces
 * nothing. Resolves to the function that stops it.
 *
 * @param close - Called when the manager is closed.
 * @param closed - Makes the error for a manager that is closed already.
 */
export async function hearEnds(
  { endings, events }: Pick<Engine, "endings" | "events">,
  ear: EndListener,
  close: () => Promise<void>,
  closed: () => Error,
): Promise<Stop> {
  const stop = await endings.hear(ear);
  if (endings.isClosed) throw closed();
  const stopLocal = endings.announces ? undefined : localEnds(events, ear.onEnded);
  const leave = endings.onClose(close);
  return async () => {
    leave();
    stopLocal?.();
    await stop?.();
  };
}
