import type { ForeignRows } from "../foreign/foreign-sessions.ts";

/**
 * Rows of a table that Django reads from a cache before. Here the table alone is read, and what the cache
 * holds of a row goes once the row has changed. To put the new one there would be no safer: of two
 * that write, the one that is earlier in the table could be later in the cache, and stay.
 */
export function cachedRows(table: ForeignRows, cache: ForeignRows): ForeignRows {
  const { extend } = table;
  const forgotten = async (
    key: string,
    isDone: boolean,
    call: Parameters<ForeignRows["read"]>[1],
  ): Promise<boolean> => {
    if (isDone) await cache.remove(key, undefined, call);
    return isDone;
  };
  return {
    read: (key, call) => table.read(key, call),
    insert: (key, after, call) => table.insert(key, after, call),
    replace: async (key, before, after, call) =>
      forgotten(key, await table.replace(key, before, after, call), call),
    // The row may be gone, and the cache hold it still.
    remove: async (key, before, call) => {
      const isDone = await table.remove(key, before, call);
      await forgotten(key, isDone || before === undefined, call);
      return isDone;
    },
    ...(extend && { extend: extend.bind(table) }),
    async prepare(call) {
      await Promise.all([table.prepare?.(call), cache.prepare?.(call)]);
    },
  };
}
