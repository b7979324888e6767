/** What is stored beside plain data. A closed list: nothing is looked up by a name. */
export type Kind = "Date" | "Map" | "Set" | "URL" | "Uint8Array";

const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  [Date.prototype, "Date"],
  [Map.prototype, "Map"],
  [Set.prototype, "Set"],
  [URL.prototype, "URL"],
  [Uint8Array.prototype, "Uint8Array"],
]);

/** The kind of an object, if it is one of these and no subclass, which would lose its class. */
export function kindOf(value: object): Kind | undefined {
  return KINDS.get(Object.getPrototypeOf(value));
}

/**
 * A deep copy in which no object stands twice, as it is stored: without properties that are
 * `undefined`, with 0 for -0, of bytes only those that can be seen. A schema may have made something
 * else, which is left to `structuredClone`.
 */
export function copyOf<T>(value: T): T;
export function copyOf(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  switch (kindOf(value)) {
    case "Date":
      return new Date((value as Date).getTime());
    case "Map":
      return new Map([...(value as Map<unknown, unknown>)].map(copyOf));
    case "Set":
      return new Set([...(value as Set<unknown>)].map(copyOf));
    case "URL":
      return new URL((value as URL).href);
    case "Uint8Array":
      return new Uint8Array(value as Uint8Array);
    default:
      return isPlain(value) ? copyOfFields(value) : structuredClone(value);
  }
}

/** Of any realm: its prototype, if there is one, is the last. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function copyOfFields(value: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) copy[key] = copyOf(field);
  }
  return copy;
}
