import type { Events } from "../events.ts";
import type { SessionId } from "../token.ts";

/**
 * Tells what this process ends itself, where the store tells nobody. Returns the function that
 * stops it.
 */
export function localEnds(
  events: Events,
  onEnded: (ids: readonly SessionId[]) => void,
): () => void {
  let ids: SessionId[] = [];
  // Many may end in one go.
  const add = (id: string | undefined): void => {
    if (id === undefined) return;
    if (ids.length === 0) queueMicrotask(tell);
    ids.push(id as SessionId);
  };
  const tell = (): void => {
    const all = ids;
    ids = [];
    onEnded(all);
  };
  const stops = [
    events.on("signedOut", ({ id }) => add(id)),
    events.on("revoked", ({ id }) => add(id)),
    events.on("destroyed", ({ id }) => add(id)),
    events.on("signedIn", ({ previousId }) => add(previousId)),
    events.on("regenerated", ({ previousId }) => add(previousId)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
