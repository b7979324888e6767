import { textLength } from "./finish.ts";
import type { Tools } from "./globals.ts";
import type { PickleLimits } from "./limits.ts";
import { DictNode, ListNode, type Node, SetNode } from "./nodes.ts";
import { refuse } from "./refusal.ts";

/** The stack and the memo of a pickle that is being read. */
export class Machine {
  readonly limits: PickleLimits;
  readonly tools: Tools;
  readonly #stack: Node[] = [];
  /** How high the stack was at each `MARK` that is open. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Node>();
  #pushed = 0;
  #text = 0;

  constructor(limits: PickleLimits, tools: Tools) {
    this.limits = limits;
    this.tools = tools;
  }

  push(node: Node): void {
    this.#pushed += 1;
    const { maxValues, maxText } = this.limits;
    if (this.#pushed > 2 * maxValues) refuse(`there are more than ${maxValues} values`);
    this.#text += textLength(node);
    if (this.#text > 2 * maxText) refuse(`there are more than ${maxText} characters`);
    this.#stack.push(node);
  }

  pop(): Node {
    const node = this.top();
    this.#stack.pop();
    return node;
  }

  /** The topmost value, which has to lie above the last mark. */
  top(): Node {
    const node = this.#stack.at(-1);
    if (node === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      refuse("an opcode finds nothing on the stack");
    }
    return node;
  }

  /** As many values as are asked for, the deepest first. */
  popMany(count: number): Node[] {
    const height = this.#stack.length - count;
    if (height < (this.#marks.at(-1) ?? 0)) refuse("an opcode finds nothing on the stack");
    return this.#stack.splice(height);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** All values above the last mark, which is taken away with them. */
  popToMark(): Node[] {
    const height = this.#marks.pop() ?? refuse("an opcode finds no mark");
    return this.#stack.splice(height);
  }

  /** Takes away the last mark where nothing lies above it, else the topmost value. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** Remembers the topmost value. */
  put(place: number): void {
    this.#memo.set(place, this.top());
    if (this.#memo.size > this.limits.maxMemo) {
      refuse(`the memo has more than ${this.limits.maxMemo} places`);
    }
  }

  /** Remembers the topmost value in the next place. */
  memoize(): void {
    this.put(this.#memo.size);
  }

  get(place: number): Node {
    const node = this.#memo.get(place);
    return node === undefined ? refuse("an opcode asks for an empty place of the memo") : node;
  }

  /** Adds to the list on the top of the stack. */
  append(items: readonly Node[]): void {
    const list = this.top();
    if (!(list instanceof ListNode)) refuse("an opcode finds no list to add to");
    for (const item of items) list.items.push(item);
  }

  /** Adds keys and values, by turns, to the dict on the top of the stack. */
  setItems(flat: readonly Node[]): void {
    const dict = this.top();
    if (!(dict instanceof DictNode)) refuse("an opcode finds no dict to add to");
    this.tools.keys.fill(dict, flat);
  }

  /** Adds members to the set on the top of the stack. */
  addMembers(members: readonly Node[]): void {
    const set = this.top();
    if (!(set instanceof SetNode) || set.kind !== "set") refuse("an opcode finds no set to add to");
    this.tools.keys.include(set, members);
  }

  /** The one value that is left at the end. */
  result(): Node {
    const node = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) refuse("more than one value is left");
    return node;
  }
}
