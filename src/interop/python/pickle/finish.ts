import { PyBytes, PyDict, PySet, PyText, PyTuple, type PyValue } from "../values.ts";
import type { PickleLimits } from "./limits.ts";
import {
  type Container,
  DictNode,
  Known,
  ListNode,
  type Node,
  OffsetNode,
  SetNode,
  TupleNode,
  UuidNode,
  ZoneOpener,
} from "./nodes.ts";
import { refuse } from "./refusal.ts";

/** A finished value, and what walking through it costs: what is shared counts each time. */
interface Finished {
  readonly value: PyValue;
  readonly values: number;
  readonly text: number;
  readonly height: number;
}

/** Makes the value of what lay on the stack, which may refer to one thing in many places. */
export class Finisher {
  readonly #limits: PickleLimits;
  readonly #done = new Map<Container, Finished>();
  /** What contains the node in hand. */
  readonly #around = new Set<Container>();

  constructor(limits: PickleLimits) {
    this.#limits = limits;
  }

  finish(node: Node): PyValue {
    return this.#any(node).value;
  }

  #any(node: Node): Finished {
    if (isContainer(node)) return this.#container(node);
    const value = leafOf(node);
    return { value, values: 1, text: textLength(value), height: 0 };
  }

  #container(node: Container): Finished {
    const depth = this.#around.size + 1;
    const known = this.#done.get(node);
    if (depth + (known?.height ?? 0) > this.#limits.maxDepth) {
      refuse(`there are more than ${this.#limits.maxDepth} levels`);
    }
    if (known !== undefined) return known;
    if (this.#around.has(node)) refuse("a value contains itself");
    this.#around.add(node);
    const parts = this.#parts(node);
    this.#around.delete(node);
    const finished = { ...parts.cost, value: containerOf(node, parts.values) };
    this.#done.set(node, finished);
    return finished;
  }

  /** All parts in their order, keys before their values, and the cost of the whole. */
  #parts(node: Container): { values: PyValue[]; cost: Omit<Finished, "value"> } {
    const values: PyValue[] = [];
    const cost = { values: 1, text: 0, height: 1 };
    for (const part of partsOf(node)) {
      const { value, ...each } = this.#any(part);
      values.push(value);
      cost.values += each.values;
      cost.text += each.text;
      cost.height = Math.max(cost.height, each.height + 1);
      this.#check(cost);
    }
    return { values, cost };
  }

  #check({ values, text }: { readonly values: number; readonly text: number }): void {
    const { maxValues, maxText } = this.#limits;
    if (values > maxValues) refuse(`there are more than ${maxValues} values`);
    if (text > maxText) refuse(`there are more than ${maxText} characters`);
  }
}

function isContainer(node: Node): node is Container {
  return [ListNode, TupleNode, DictNode, SetNode].some((kind) => node instanceof kind);
}

function partsOf(node: Container): Iterable<Node> {
  if (node instanceof DictNode) return [...node.entries.values()].flat();
  return node instanceof SetNode ? node.members.values() : node.items;
}

function containerOf(node: Container, parts: readonly PyValue[]): PyValue {
  if (node instanceof ListNode) return parts;
  if (node instanceof TupleNode) return new PyTuple(parts);
  if (node instanceof SetNode) return new PySet(node.kind, parts);
  const entries = Array.from({ length: parts.length / 2 }, (_, index) => {
    const [key = null, value = null] = parts.slice(index * 2, index * 2 + 2);
    return [key, value] as const;
  });
  return new PyDict(entries, node.kind);
}

function leafOf(node: Exclude<Node, Container>): PyValue {
  if (node instanceof UuidNode) return node.text ?? refuse("a uuid.UUID has no state");
  if (node instanceof Known) refuse(`${node.name} itself stands as a value`);
  if (node instanceof OffsetNode) refuse("a time zone stands as a value");
  if (node instanceof ZoneOpener) refuse("ZoneInfo._unpickle stands as a value");
  return node;
}

/** What the text of a value costs; of what holds others, nothing. */
export function textLength(value: Node): number {
  if (typeof value === "string") return value.length;
  if (value instanceof PyBytes) return value.bytes.length;
  if (value instanceof PyText) return value.text.length;
  return typeof value === "bigint" ? 20 : 0;
}
