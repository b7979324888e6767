import { PyBytes, PyFloat, PyMoment, PyText, PyTimedelta } from "../values.ts";
import type { PickleLimits } from "./limits.ts";
import { type DictNode, type Leaf, type Node, SetNode, TupleNode, UuidNode } from "./nodes.ts";
import { refuse } from "./refusal.ts";
import { decodeLatin1 } from "./text.ts";

/** Fills dicts and sets, and tells which keys are equal, within a bound for the whole pickle. */
export class Keys {
  readonly #limits: PickleLimits;
  #text = 0;
  #nans = 0;

  constructor(limits: PickleLimits) {
    this.#limits = limits;
  }

  /** Adds keys and values, by turns. Of equal keys the first keeps its place, the last its value. */
  fill(dict: DictNode, flat: readonly Node[]): DictNode {
    if (flat.length % 2 !== 0) refuse("a dict has a key without a value");
    for (let at = 0; at < flat.length; at += 2) {
      const [key = null, value = null] = [flat[at], flat[at + 1]];
      const text = this.#of(key, 0);
      dict.entries.set(text, [dict.entries.get(text)?.[0] ?? key, value]);
    }
    return dict;
  }

  /** Adds members. Of equal ones the first stays. */
  include(set: SetNode, members: readonly Node[]): SetNode {
    for (const member of members) {
      const text = this.#of(member, 0);
      if (!set.members.has(text)) set.members.set(text, member);
    }
    return set;
  }

  /**
   * One text for all keys that are equal in Python: 1, 1.0 and True are. Aware datetimes and
   * Decimals that are equal and written differently stay apart; Python itself writes no such dict.
   */
  #of(key: Node, depth: number): string {
    if (depth > this.#limits.maxDepth) refuse(`a key has more than ${depth - 1} levels`);
    const text = this.#textOf(key, depth);
    this.#text += text.length;
    if (this.#text > this.#limits.maxText) refuse("the keys are too long");
    return text;
  }

  #textOf(key: Node, depth: number): string {
    if (key instanceof TupleNode) {
      return `t${key.items.map((item) => measured(this.#of(item, depth + 1))).join("")}`;
    }
    if (key instanceof SetNode && key.kind === "frozenset") {
      return `f${[...key.members.keys()].map(measured).sort().join("")}`;
    }
    if (key instanceof UuidNode) return key.text === undefined ? unhashable() : `u${key.text.text}`;
    return isLeaf(key) ? this.#leafText(key) : unhashable();
  }

  #leafText(leaf: Leaf): string {
    if (typeof leaf === "string") return `s${leaf}`;
    if (leaf === null) return "N";
    if (typeof leaf !== "object") return `n${BigInt(leaf)}`;
    if (leaf instanceof PyFloat) return this.#floatText(leaf.value);
    if (leaf instanceof PyText && isNoNumber(leaf)) return this.#floatText(Number.NaN);
    return objectText(leaf);
  }

  #floatText(value: number): string {
    if (Number.isInteger(value)) return `n${BigInt(value)}`;
    if (!Number.isNaN(value)) return `n${value}`;
    this.#nans += 1;
    return `nan${this.#nans}`;
  }
}

function isNoNumber({ kind, text }: PyText): boolean {
  return kind === "decimal" && text.includes("NaN");
}

function objectText(leaf: PyBytes | PyText | PyMoment | PyTimedelta): string {
  if (leaf instanceof PyBytes) return `b${decodeLatin1(leaf.bytes)}`;
  if (leaf instanceof PyText) return `${leaf.kind === "markup" ? "s" : leaf.kind}${leaf.text}`;
  if (leaf instanceof PyMoment) return `m${leaf.kind}${leaf.iso}`;
  return `d${leaf.days} ${leaf.seconds} ${leaf.microseconds}`;
}

/** A part of a longer key, so that no two lists of parts read the same. */
function measured(text: string): string {
  return `${text.length}:${text}`;
}

function isLeaf(node: Node): node is Leaf {
  return (
    node === null ||
    typeof node !== "object" ||
    [PyFloat, PyBytes, PyText, PyMoment, PyTimedelta].some((kind) => node instanceof kind)
  );
}

function unhashable(): never {
  refuse("a key or member is of a kind that Python cannot hash");
}
