import type { PyBytes, PyFloat, PyMoment, PyText, PyTimedelta, PyZone } from "../values.ts";

/** What lies on the stack while a pickle is read. */
export type Node = Leaf | Container | Stub;

/** A value that holds no other. */
export type Leaf =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | PyBytes
  | PyText
  | PyMoment
  | PyTimedelta;

/** A value that holds others. Lists, dicts and sets are still being filled. */
export type Container = ListNode | TupleNode | DictNode | SetNode;

/** What only serves to make a value, and is none itself. */
export type Stub = Known | UuidNode | OffsetNode | ZoneOpener;

/** A class or function of the closed list: a name, and nothing behind it. */
export class Known {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A list. */
export class ListNode {
  readonly items: Node[] = [];
}

/** A tuple. */
export class TupleNode {
  readonly items: readonly Node[];

  constructor(items: readonly Node[]) {
    this.items = items;
  }
}

/** A dict: a key that is equal to an earlier one takes its place, as in Python. */
export class DictNode {
  readonly kind: "dict" | "OrderedDict";
  readonly entries: Map<string, [key: Node, value: Node]> = new Map();

  constructor(kind: DictNode["kind"] = "dict") {
    this.kind = kind;
  }
}

/** A set or frozenset: of equal members the first stays, as in Python. */
export class SetNode {
  readonly kind: "set" | "frozenset";
  readonly members: Map<string, Node> = new Map();

  constructor(kind: SetNode["kind"]) {
    this.kind = kind;
  }
}

/** A UUID, which is made empty and then told its number. */
export class UuidNode {
  text: PyText | undefined;
}

/** A zone, as a datetime has it: `offset` is `undefined` where the name has to say it. */
export class OffsetNode {
  readonly offset: PyTimedelta | undefined;
  readonly zone: PyZone | undefined;

  constructor(offset: PyTimedelta | undefined, zone: PyZone | undefined) {
    this.offset = offset;
    this.zone = zone;
  }
}

/** The one attribute that is ever asked for: `ZoneInfo._unpickle`. */
export class ZoneOpener {}
