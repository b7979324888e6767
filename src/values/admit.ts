import { CodecError } from "../core/errors.ts";
import { checkStorable } from "../core/json.ts";
import { copyOf, type Kind, kindOf } from "./kinds.ts";
import { hasEndlessDigits, isOwnHref, MAX_NUMBERS } from "./limits.ts";

/**
 * Checks that a value can be stored, and whether plain JSON will do.
 *
 * @throws {@link CodecError} naming the key path of what cannot be kept.
 */
export function isBeyondJson(value: unknown, path: string): boolean {
  let isBeyond = false;
  const admit = (inner: unknown, at: string, ancestors: object[]): boolean => {
    if (typeof inner === "bigint") checkDigits(inner, at);
    else if (!isAdmittedObject(inner as object, at, ancestors, admit)) return false;
    isBeyond = true;
    return true;
  };
  checkStorable(value, path, admit);
  return isBeyond;
}

type Admit = (inner: unknown, path: string, ancestors: object[]) => boolean;

function isAdmittedObject(value: object, path: string, ancestors: object[], admit: Admit): boolean {
  const kind = kindOf(value);
  if (kind === undefined) return refuseSubclass(value, path);
  if (ownKeysOf(value, kind).length > 0) {
    throw new CodecError(path, `it is a ${kind} with properties of its own, which would be lost.`);
  }
  try {
    check(kind, value, path, (inner, at) => checkStorable(inner, at, admit, ancestors));
  } catch (error) {
    if (error instanceof CodecError) throw error;
    throw new CodecError(path, `it only looks like a ${kind}.`);
  }
  return true;
}

function ownKeysOf(value: object, kind: Kind): readonly PropertyKey[] {
  // Of bytes the places alone would be as many as there are bytes.
  if (kind === "Uint8Array") return [];
  // Some runtimes mark their URLs by a symbol.
  return kind === "URL" ? Object.keys(value) : Reflect.ownKeys(value);
}

/** @throws {@link CodecError} for what is nearly one of ours. */
function refuseSubclass(value: object, path: string): false {
  const nearest = [Date, Map, Set, URL, Uint8Array].find((kind) => value instanceof kind);
  if (nearest === undefined) return false;
  const name = typeof Buffer === "function" && Buffer.isBuffer(value) ? "buffer" : "value";
  throw new CodecError(
    path,
    `it would lose its class and come back as a ${nearest.name}. Store new ${nearest.name}(${name}).`,
  );
}

/** @throws {@link CodecError}, or a TypeError where the object has the prototype and nothing else. */
function check(
  kind: Kind,
  value: object,
  path: string,
  look: (inner: unknown, path: string) => void,
): void {
  switch (kind) {
    case "Date":
      checkDate(value as Date, path);
      return;
    case "Map":
      lookIntoMap(value as Map<unknown, unknown>, path, look);
      return;
    case "Set":
      refuseManyNumbers(value as Set<unknown>, path);
      for (const [index, item] of [...(value as Set<unknown>)].entries()) {
        look(item, `${path}[${index}]`);
      }
      return;
    case "URL":
      checkUrl(value as URL, path);
      return;
    case "Uint8Array":
      copyOf(value);
      return;
    default:
      kind satisfies never;
  }
}

function lookIntoMap(
  map: Map<unknown, unknown>,
  path: string,
  look: (inner: unknown, path: string) => void,
): void {
  refuseManyNumbers(map, path);
  for (const [index, [key, item]] of [...map].entries()) {
    look(key, `${path}[${index}][0]`);
    look(item, `${path}[${index}][1]`);
  }
}

function refuseManyNumbers(keyed: Map<unknown, unknown> | Set<unknown>, path: string): void {
  if (keyed.size <= MAX_NUMBERS) return;
  const isNumber = (key: unknown): boolean => typeof key === "number" || typeof key === "bigint";
  if ([...keyed.keys()].filter(isNumber).length <= MAX_NUMBERS) return;
  throw new CodecError(
    path,
    `it has more than ${MAX_NUMBERS} numbers for keys. Make texts of them.`,
    "input",
  );
}

function checkDate(date: Date, path: string): void {
  if (Number.isNaN(date.getTime())) {
    throw new CodecError(path, "it is a Date that is no moment. Store null.");
  }
}

function checkUrl(url: URL, path: string): void {
  if (!isOwnHref(url.href))
    throw new CodecError(path, "it is a URL that its own text does not give.");
}

function checkDigits(value: bigint, path: string): void {
  if (hasEndlessDigits(value)) {
    throw new CodecError(path, "it is a BigInt of too many digits.", "input");
  }
}
