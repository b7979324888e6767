/** The keys of the one-key objects in which Flask writes what JSON has no word for. */
export const TAG = {
  dict: " di",
  tuple: " t",
  bytes: " b",
  markup: " m",
  uuid: " u",
  datetime: " d",
} as const;

const TAGS: ReadonlySet<unknown> = new Set(Object.values(TAG));

/** Tells whether Flask takes a key for one of its tags where it stands alone. */
export function isTag(key: unknown): key is (typeof TAG)[keyof typeof TAG] {
  return TAGS.has(key);
}
