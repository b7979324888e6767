import { endOf } from "./clocks.ts";
import { Draft } from "./draft.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Engine } from "./engine.ts";
import type { SessionRecord } from "./record.ts";
import type { SessionView } from "./session.ts";

/** A record for reading only; `undefined` if its data is refused. */
export function viewOf<D extends object>(
  { shape, environment }: Engine,
  record: SessionRecord,
): SessionView<D> | undefined {
  const reading = shape.read(record.data);
  if (typeof reading === "string") return undefined;
  const draft = new Draft(shape, { ...reading, flash: [] });
  const { id, userId, createdAt, lastSeenAt, authenticatedAt, persistent } = record;
  const get = <K extends keyof D & string>(key: K): D[K] => draft.get(key) as D[K];
  return {
    get,
    has: (key) => draft.has(key),
    *entries<K extends keyof D & string>(): IterableIterator<[K, D[K]]> {
      for (const key of draft.keys() as K[]) yield [key, get(key)];
    },
    id,
    userId,
    createdAt,
    lastSeenAt,
    expiresAt: endOf(record),
    authenticatedAt,
    persistent,
    isFresh: (maxAge: Duration) =>
      authenticatedAt !== undefined &&
      environment.now() - authenticatedAt < durationMs("isFresh(maxAge)", maxAge),
  };
}
