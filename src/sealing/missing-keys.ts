/**
 * Whether there are none at all, as where an environment variable is not set. A build of a framework
 * runs without them, so they are asked for at their first use.
 */
export function areMissing(keys: unknown): keys is undefined {
  const none: readonly unknown[] = [undefined, null, ""];
  return Array.isArray(keys) ? keys.every((key) => none.includes(key)) : none.includes(keys);
}
