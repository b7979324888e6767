import { PyBytes, PyFloat } from "../values.ts";
import { build, instantiated, named, reduced } from "./globals.ts";
import {
  binaryInt,
  decimalFloat,
  decimalInt,
  escapedText,
  oldString,
  quotedString,
} from "./literals.ts";
import type { Machine } from "./machine.ts";
import { DictNode, ListNode, type Node, SetNode, TupleNode } from "./nodes.ts";
import { refuse } from "./refusal.ts";
import type { Source } from "./source.ts";
import { decodeLatin1, decodeText } from "./text.ts";

/** One opcode: what it is called, and what it does with the bytes that follow it. */
export interface Opcode {
  readonly name: string;
  readonly run: (machine: Machine, source: Source) => void;
}

type Row = readonly [code: string, name: string, run: Opcode["run"]];

const ROWS: readonly Row[] = [
  // What a pickle says of itself. A frame is only a promise of bytes, which have to be there.
  ["\x80", "PROTO", (_, s) => protocol(s.uint8())],
  ["\x95", "FRAME", (_, s) => frame(s.uint64(), s)],

  // Values without parts.
  ["N", "NONE", (m) => m.push(null)],
  ["\x88", "NEWTRUE", (m) => m.push(true)],
  ["\x89", "NEWFALSE", (m) => m.push(false)],
  ["I", "INT", (m, s) => m.push(intOrBool(s.line(), m))],
  ["L", "LONG", (m, s) => m.push(decimalInt(withoutSuffix(s.line()), m.limits))],
  ["\x8a", "LONG1", (m, s) => m.push(binaryInt(s.take(s.uint8()), m.limits))],
  ["\x8b", "LONG4", (m, s) => m.push(binaryInt(s.take(s.uint32()), m.limits))],
  ["J", "BININT", (m, s) => m.push(s.int32())],
  ["K", "BININT1", (m, s) => m.push(s.uint8())],
  ["M", "BININT2", (m, s) => m.push(s.uint16())],
  ["F", "FLOAT", (m, s) => m.push(decimalFloat(s.line()))],
  ["G", "BINFLOAT", (m, s) => m.push(new PyFloat(s.float64()))],
  ["S", "STRING", (m, s) => m.push(quotedString(s.line()))],
  ["T", "BINSTRING", (m, s) => m.push(oldString(s.take(s.uint32())))],
  ["U", "SHORT_BINSTRING", (m, s) => m.push(oldString(s.take(s.uint8())))],
  ["V", "UNICODE", (m, s) => m.push(escapedText(s.line()))],
  ["X", "BINUNICODE", (m, s) => m.push(decodeText(s.take(s.uint32())))],
  ["\x8c", "SHORT_BINUNICODE", (m, s) => m.push(decodeText(s.take(s.uint8())))],
  ["\x8d", "BINUNICODE8", (m, s) => m.push(decodeText(s.take(s.uint64())))],
  ["B", "BINBYTES", (m, s) => m.push(bytes(s.take(s.uint32())))],
  ["C", "SHORT_BINBYTES", (m, s) => m.push(bytes(s.take(s.uint8())))],
  ["\x8e", "BINBYTES8", (m, s) => m.push(bytes(s.take(s.uint64())))],

  // Lists, tuples, dicts and sets.
  ["]", "EMPTY_LIST", (m) => m.push(new ListNode())],
  ["l", "LIST", (m) => pushAndAppend(m, m.popToMark())],
  ["a", "APPEND", (m) => m.append([m.pop()])],
  ["e", "APPENDS", (m) => m.append(m.popToMark())],
  [")", "EMPTY_TUPLE", (m) => m.push(new TupleNode([]))],
  ["t", "TUPLE", (m) => m.push(new TupleNode(m.popToMark()))],
  ["\x85", "TUPLE1", (m) => m.push(new TupleNode(m.popMany(1)))],
  ["\x86", "TUPLE2", (m) => m.push(new TupleNode(m.popMany(2)))],
  ["\x87", "TUPLE3", (m) => m.push(new TupleNode(m.popMany(3)))],
  ["}", "EMPTY_DICT", (m) => m.push(new DictNode())],
  ["d", "DICT", (m) => m.push(m.tools.keys.fill(new DictNode(), m.popToMark()))],
  ["s", "SETITEM", (m) => m.setItems(m.popMany(2))],
  ["u", "SETITEMS", (m) => m.setItems(m.popToMark())],
  ["\x8f", "EMPTY_SET", (m) => m.push(new SetNode("set"))],
  ["\x90", "ADDITEMS", (m) => m.addMembers(m.popToMark())],
  ["\x91", "FROZENSET", (m) => m.push(frozenset(m, m.popToMark()))],

  // The stack and the memo.
  ["(", "MARK", (m) => m.mark()],
  ["0", "POP", (m) => m.discard()],
  ["1", "POP_MARK", (m) => void m.popToMark()],
  ["2", "DUP", (m) => m.push(m.top())],
  ["g", "GET", (m, s) => m.push(m.get(place(s.line(), m)))],
  ["h", "BINGET", (m, s) => m.push(m.get(s.uint8()))],
  ["j", "LONG_BINGET", (m, s) => m.push(m.get(s.uint32()))],
  ["p", "PUT", (m, s) => m.put(place(s.line(), m))],
  ["q", "BINPUT", (m, s) => m.put(s.uint8())],
  ["r", "LONG_BINPUT", (m, s) => m.put(s.uint32())],
  ["\x94", "MEMOIZE", (m) => m.memoize()],

  // Names of the closed list, and what is made by them.
  ["c", "GLOBAL", (m, s) => m.push(named(decodeText(s.line()), decodeText(s.line())))],
  ["\x93", "STACK_GLOBAL", (m) => m.push(stackGlobal(m.popMany(2)))],
  ["R", "REDUCE", (m) => m.push(onPair(m, reduced))],
  ["\x81", "NEWOBJ", (m) => m.push(onPair(m, instantiated))],
  ["b", "BUILD", (m) => buildTop(m, m.pop())],
];

/** The opcodes that are read, by their byte. `STOP` is the loop's. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  ROWS.map(([code, name, run]) => [code.charCodeAt(0), { name, run }]),
);

/** The opcodes that are refused, by their byte: no session is written with them. */
export const REFUSED_OPCODES: ReadonlyMap<number, string> = new Map([
  [0x69, "INST"],
  [0x6f, "OBJ"],
  [0x50, "PERSID"],
  [0x51, "BINPERSID"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x92, "NEWOBJ_EX"],
  [0x96, "BYTEARRAY8"],
  [0x97, "NEXT_BUFFER"],
  [0x98, "READONLY_BUFFER"],
]);

function protocol(version: number): void {
  if (version > 5) refuse("the protocol is later than 5");
}

function frame(length: number, source: Source): void {
  if (length > source.remaining) refuse("the pickle is cut short");
}

/** Before protocol 2, `I01` and `I00` are the booleans. */
function intOrBool(line: Uint8Array, { limits }: Machine): boolean | number | bigint {
  const text = line.length === 2 ? decodeLatin1(line) : "";
  if (text === "01" || text === "00") return text === "01";
  return decimalInt(line, limits);
}

function withoutSuffix(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x4c ? line.subarray(0, -1) : line;
}

function bytes(view: Uint8Array): PyBytes {
  return new PyBytes(Uint8Array.from(view));
}

function pushAndAppend(machine: Machine, items: readonly Node[]): void {
  machine.push(new ListNode());
  machine.append(items);
}

function frozenset({ tools }: Machine, members: readonly Node[]): SetNode {
  return tools.keys.include(new SetNode("frozenset"), members);
}

function place(line: Uint8Array, { limits }: Machine): number {
  const value = decimalInt(line, limits);
  return typeof value === "number" && value >= 0 ? value : refuse("the memo has no such place");
}

function stackGlobal([module, name]: readonly Node[]): Node {
  if (typeof module === "string" && typeof name === "string") return named(module, name);
  refuse("STACK_GLOBAL finds no names");
}

function onPair(machine: Machine, work: typeof reduced): Node {
  const [callee = null, args] = machine.popMany(2);
  if (!(args instanceof TupleNode)) refuse("the arguments of a call are no tuple");
  return work(callee, args.items, machine.tools);
}

function buildTop(machine: Machine, state: Node): void {
  build(machine.top(), state);
}
