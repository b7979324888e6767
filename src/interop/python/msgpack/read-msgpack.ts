import { Finisher } from "../pickle/finish.ts";
import { Keys } from "../pickle/keys.ts";
import { PICKLE_LIMITS, type PickleLimits } from "../pickle/limits.ts";
import { DictNode, ListNode, type Node, TupleNode } from "../pickle/nodes.ts";
import { orReason, Refusal, refuse } from "../pickle/refusal.ts";
import { PyBytes, PyFloat, type PyValue } from "../values.ts";
import { BigEndianSource } from "./big-endian-source.ts";
import { decodedText } from "./decoded-text.ts";
import { momentOf } from "./timestamps.ts";

/** What MessagePack holds, or why it is not read: a reason that tells nothing of the data. */
export type MsgpackRead =
  | { readonly ok: true; readonly value: PyValue }
  | { readonly ok: false; readonly reason: string };

/** Reads MessagePack as msgspec does, within the bounds of a pickle. A float stays a float. */
export function readMsgpack(bytes: Uint8Array, limits: Partial<PickleLimits> = {}): MsgpackRead {
  const all = { ...PICKLE_LIMITS, ...limits };
  const read = orReason(() => ({ value: new Reader(bytes, all).all() }));
  return read instanceof Refusal ? { ok: false, reason: read.message } : { ok: true, ...read };
}

class Reader {
  readonly #source: BigEndianSource;
  readonly #limits: PickleLimits;
  readonly #keys: Keys;
  #depth = 0;

  constructor(bytes: Uint8Array, limits: PickleLimits) {
    if (bytes.length > limits.maxBytes) refuse(`there are more than ${limits.maxBytes} bytes`);
    this.#source = new BigEndianSource(bytes);
    this.#limits = limits;
    this.#keys = new Keys(limits);
  }

  all(): PyValue {
    const node = this.#value();
    if (this.#source.remaining > 0) refuse("bytes follow the end of the value");
    return new Finisher(this.#limits).finish(node);
  }

  #value(): Node {
    const head = this.#source.uint(1);
    if (head <= 0x7f) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head <= 0x8f) return this.#map(head & 0x0f);
    if (head <= 0x9f) return this.#array(head & 0x0f);
    if (head <= 0xbf) return this.#text(head & 0x1f);
    return this.#long(head);
  }

  /** What has a byte for its kind, and then its length or its number. */
  #long(head: number): Node {
    const source = this.#source;
    if (head === 0xc0) return null;
    if (head === 0xc2 || head === 0xc3) return head === 0xc3;
    if (head >= 0xc4 && head <= 0xc6) return this.#bytes(source.uint(2 ** (head - 0xc4)));
    if (head >= 0xc7 && head <= 0xc9) return this.#extension(source.uint(2 ** (head - 0xc7)));
    if (head === 0xca) return new PyFloat(source.float32());
    if (head === 0xcb) return new PyFloat(source.float64());
    return this.#longer(head);
  }

  #longer(head: number): Node {
    const source = this.#source;
    if (head >= 0xcc && head <= 0xcf) return source.unsigned(2 ** (head - 0xcc));
    if (head >= 0xd0 && head <= 0xd3) return source.signed(2 ** (head - 0xd0));
    if (head >= 0xd4 && head <= 0xd8) return this.#extension(2 ** (head - 0xd4));
    if (head >= 0xd9 && head <= 0xdb) return this.#text(source.uint(2 ** (head - 0xd9)));
    if (head === 0xdc || head === 0xdd) return this.#array(source.uint(2 ** (head - 0xdb)));
    if (head === 0xde || head === 0xdf) return this.#map(source.uint(2 ** (head - 0xdd)));
    refuse("0xc1 begins no value");
  }

  #text(length: number): string {
    return decodedText(this.#source.take(length));
  }

  #bytes(length: number): PyBytes {
    return new PyBytes(Uint8Array.from(this.#source.take(length)));
  }

  #extension(length: number): Node {
    const type = this.#source.signed(1);
    if (type !== -1) refuse(`an extension is of type ${type}`);
    return momentOf(this.#source.take(length));
  }

  #array(count: number): ListNode {
    const list = new ListNode();
    this.#within(count, () => list.items.push(this.#value()));
    return list;
  }

  #map(count: number): DictNode {
    const dict = new DictNode();
    this.#within(count, () => {
      const key = hashable(this.#value());
      this.#keys.fill(dict, [key, this.#value()]);
    });
    return dict;
  }

  /** Nothing is set aside for what is only announced. */
  #within(count: number, each: () => void): void {
    if (count > this.#source.remaining) refuse("the value is cut short");
    const { maxDepth } = this.#limits;
    this.#depth += 1;
    if (this.#depth > maxDepth) refuse(`there are more than ${maxDepth} levels`);
    for (let done = 0; done < count; done += 1) each();
    this.#depth -= 1;
  }
}

/** As a key, an array is a tuple. */
function hashable(key: Node): Node {
  return key instanceof ListNode ? new TupleNode(key.items.map(hashable)) : key;
}
