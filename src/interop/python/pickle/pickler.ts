import { PyBytes, PyDict, PyFloat, PySet, PyTuple, type PyValue } from "../values.ts";
import { type Batch, dictBatches, iteratedBatches, listBatches, singly } from "./batches.ts";
import { PICKLE_LIMITS } from "./limits.ts";
import {
  writeBool,
  writeBytes,
  writeFloat,
  writeInt,
  writeNone,
  writeText,
} from "./literal-opcodes.ts";
import { Output } from "./output.ts";
import { PickleMemo } from "./pickle-memo.ts";
import { Global, type Part, Recipe } from "./recipe.ts";
import { recipeOf } from "./recipes.ts";
import { refuse } from "./refusal.ts";

/** What is written once, and then referred to. */
type Memoized = Exclude<Part, null | boolean | number | bigint | PyFloat>;

/** Writes one pickle, in the order and with the opcodes of CPython. */
export class Pickler {
  readonly #protocol: number;
  readonly #output: Output;
  readonly #memo: PickleMemo;
  #depth = 0;

  constructor(protocol: number) {
    this.#protocol = protocol;
    this.#output = new Output(protocol);
    this.#memo = new PickleMemo(this.#output, protocol);
  }

  pickle(value: PyValue): Uint8Array {
    this.#save(value);
    return this.#output.end();
  }

  #save(part: Part): void {
    this.#output.beginValue();
    if (part === null) writeNone(this.#output);
    else if (typeof part === "boolean") writeBool(this.#output, part, this.#protocol);
    else if (typeof part === "number" || typeof part === "bigint") this.#saveInt(part);
    else if (part instanceof PyFloat) writeFloat(this.#output, part.value, this.#protocol);
    else if (!this.#memo.recall(keyOf(part))) this.#saveNew(part);
  }

  #saveInt(value: number | bigint): void {
    if (typeof value === "number" && !Number.isSafeInteger(value))
      refuse("a number is no safe int");
    writeInt(this.#output, value, this.#protocol);
  }

  #saveNew(part: Memoized): void {
    if (typeof part === "string") this.#saveText(part, keyOf(part));
    else if (part instanceof Global) this.#saveGlobal(part);
    else if (part instanceof Recipe) this.#saveRecipe(part, keyOf(part));
    else if (part instanceof PyBytes && this.#protocol >= 3) this.#saveBytes(part);
    else this.#saveContainer(part);
  }

  #saveContainer(part: Exclude<Memoized, string | Global | Recipe>): void {
    this.#depth += 1;
    const { maxDepth } = PICKLE_LIMITS;
    if (this.#depth > maxDepth) refuse(`there are more than ${maxDepth} levels`);
    if (part instanceof PyTuple) this.#saveTuple(part.items, part);
    else if (part instanceof PyDict && part.kind === "dict") this.#saveDict(part);
    else if (part instanceof PySet && this.#protocol >= 4) this.#saveSet(part);
    else if (isList(part)) this.#saveList(part);
    else this.#saveRecipe(recipeOf(part, this.#protocol), part);
    this.#depth -= 1;
  }

  #saveText(text: string, key?: unknown): void {
    writeText(this.#output, text, this.#protocol);
    this.#memo.put(key);
  }

  #saveBytes(part: PyBytes): void {
    writeBytes(this.#output, part.bytes);
    this.#memo.put(part);
  }

  #saveGlobal(part: Global): void {
    const { module, name } = part;
    if (this.#protocol >= 4) {
      this.#saveModule(module);
      this.#output.beginValue();
      this.#saveText(name);
      this.#output.write("\x93");
    } else {
      const old = this.#protocol < 3 && module === "builtins" ? "__builtin__" : module;
      this.#output.write(`c${old}\n${name}\n`);
    }
    this.#memo.put(keyOf(part));
  }

  #saveModule(module: string): void {
    const key = `module ${module}`;
    this.#output.beginValue();
    if (!this.#memo.recall(key)) this.#saveText(module, key);
  }

  #saveTuple(items: readonly Part[], key?: PyTuple): void {
    if (items.length === 0) {
      this.#output.write(this.#protocol === 0 ? "(t" : ")");
      return;
    }
    const short = this.#protocol >= 2 ? ["", "\x85", "\x86", "\x87"][items.length] : undefined;
    if (short === undefined) this.#output.write("(");
    for (const item of items) this.#save(item);
    this.#output.write(short ?? "t");
    this.#memo.put(key);
  }

  #saveList(list: readonly PyValue[]): void {
    this.#output.write(this.#protocol === 0 ? "(l" : "]");
    this.#memo.put(list);
    const items = list.map((item) => [item]);
    this.#saveBatches(this.#protocol === 0 ? singly(items) : listBatches(items), "a", "e");
  }

  #saveDict(dict: PyDict): void {
    this.#output.write(this.#protocol === 0 ? "(d" : "}");
    this.#memo.put(dict);
    const { entries } = dict;
    this.#saveBatches(this.#protocol === 0 ? singly(entries) : dictBatches(entries), "s", "u");
  }

  #saveSet(set: PySet): void {
    const items = set.items.map((item) => [item]);
    if (set.kind === "frozenset") {
      this.#saveMarked(items, "\x91");
      this.#memo.put(set);
      return;
    }
    this.#output.write("\x8f");
    this.#memo.put(set);
    for (const batch of dictBatches(items)) this.#saveMarked(batch.items, "\x90");
  }

  #saveRecipe({ opcode, callee, args, more }: Recipe, key: unknown): void {
    this.#save(callee);
    this.#output.beginValue();
    this.#saveTuple(args);
    this.#output.write(opcode === "REDUCE" ? "R" : "\x81");
    this.#memo.put(key);
    const { entries = [], state } = more;
    this.#saveBatches(this.#protocol === 0 ? singly(entries) : iteratedBatches(entries), "s", "u");
    if (state === undefined) return;
    this.#save(state);
    this.#output.write("b");
  }

  #saveBatches(batches: readonly Batch<readonly Part[]>[], one: string, many: string): void {
    for (const { items, isAlone } of batches) {
      if (!isAlone) this.#saveMarked(items, many);
      else this.#saveAll(items, one);
    }
  }

  #saveMarked(items: readonly (readonly Part[])[], opcode: string): void {
    this.#output.write("(");
    this.#saveAll(items, opcode);
  }

  #saveAll(items: readonly (readonly Part[])[], opcode: string): void {
    for (const item of items) for (const part of item) this.#save(part);
    this.#output.write(opcode);
  }
}

/**
 * What the memo knows a part by. Equal texts are written once, as CPython does where they are one
 * object; other values where they are the same object here.
 */
function keyOf(part: Memoized): unknown {
  if (typeof part === "string") return `text ${part}`;
  if (part instanceof Global) return `global ${part.module} ${part.name}`;
  return part instanceof Recipe ? (part.more.singleton ?? part) : part;
}

function isList(part: Memoized): part is readonly PyValue[] {
  return Array.isArray(part);
}
