import type { ValueKind } from "./codec.ts";

/**
 * The type itself where JSON carries its values unchanged; elsewhere a sentence in place of what
 * JSON would change or lose, so that the compiler says it. What types cannot tell, such as a class
 * with nothing but public fields, is refused when it is stored.
 */
export type Storable<T, K extends ValueKind = "json"> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends BeyondJson
      ? K extends "rich"
        ? StorableBeyond<T>
        : Refusal<T>
      : T extends Foreign
        ? Refusal<T>
        : // Not mapped item by item: a type that contains itself would never end.
          T extends readonly unknown[]
          ? readonly StorableItem<T[number], K>[]
          : IsPlain<T> extends true
            ? StorableFields<T, K>
            : Refusal<T>;

/**
 * The type of a session's data, where JSON carries every value of it: `D extends StorableData<D>`.
 * With `"rich"`, where `richValues` of `sojourn/values` does.
 */
export type StorableData<D, K extends ValueKind = "json"> = object & StorableFields<D, K>;

/** {@link Storable} where nothing may be absent: an item of an array, a message. */
export type StorableItem<T, K extends ValueKind = "json"> = unknown extends T
  ? T
  : T extends undefined
    ? "undefined has no JSON form: use null"
    : Storable<T, K>;

/** What is stored beyond JSON. */
type BeyondJson =
  | bigint
  | Date
  | URL
  | Uint8Array
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>;

type StorableBeyond<T> =
  T extends ReadonlyMap<infer Key, infer Item>
    ? ReadonlyMap<StorableItem<Key, "rich">, StorableItem<Item, "rich">>
    : T extends ReadonlySet<infer Item>
      ? ReadonlySet<StorableItem<Item, "rich">>
      : T extends Uint8Array & HasToJson
        ? "a Buffer would come back as a Uint8Array: store new Uint8Array(buffer)"
        : T;

/** A value of a session that is not absent. Of any or unknown, it is at least no `undefined`. */
export type Present<V> = unknown extends V ? NonNullable<unknown> | null : Exclude<V, undefined>;

/**
 * The type that defaults have, where they leave something open: `[]` may hold anything, and `null`
 * stands for a value that is still to come.
 */
export type Opened<D extends object> =
  OpenedFields<D> extends D ? D : { [K in keyof D]: OpenedField<D[K]> };

/** What JSON would change or lose of the fields of a type, in words. */
export type RefusalIn<D> = Extract<Exclude<Storable<D[keyof D]>, D[keyof D]>, string>;

type StorableFields<T, K extends ValueKind> = {
  [Name in keyof T]: Name extends symbol
    ? "a symbol for a key would be lost"
    : Storable<T[Name], K>;
};

type OpenedFields<D> = { [K in keyof D]: OpenedField<D[K]> };

type OpenedField<T> = [T] extends [null | undefined]
  ? unknown
  : T extends readonly unknown[]
    ? [T] extends [readonly never[]]
      ? unknown[]
      : T
    : T extends BeyondJson
      ? T
      : T extends object
        ? { [K in keyof T]: OpenedField<T[K]> }
        : T;

/** Private members do not show in a mapped type, which is then less than the class. */
type IsPlain<T> = { [K in keyof T]: T[K] } extends T
  ? IsError<T> extends true
    ? false
    : true
  : false;

/** Its other members are those of any message. */
type IsError<T> = T extends Error ? ("stack" extends keyof T ? true : false) : false;

type Callable = ((...args: never) => unknown) | (abstract new (...args: never) => unknown);
type HasToJson = { toJSON(...args: never): unknown };

type Foreign = Callable | symbol | PromiseLike<unknown> | ArrayBufferView | HasToJson;

type Refusal<T> = T extends Date
  ? "a Date would become a string: store getTime() or toISOString()"
  : T extends ReadonlyMap<unknown, unknown>
    ? "a Map would be lost: store [...map] or an object"
    : T extends ReadonlySet<unknown>
      ? "a Set would be lost: store [...set]"
      : T extends PromiseLike<unknown>
        ? "a Promise cannot be stored: await it first"
        : T extends bigint
          ? "a BigInt has no JSON form: store it as a string"
          : T extends Callable | symbol
            ? "it has no JSON form: store plain data"
            : T extends HasToJson
              ? "it has a toJSON, which would store something else: call it first"
              : "an instance of a class would lose its class: store a plain object";
