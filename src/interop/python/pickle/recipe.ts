import type { PyDict, PyValue } from "../values.ts";

/** What is written in a place of a pickle: a value, a class, or how Python makes a value of others. */
export type Part = PyValue | Global | Recipe;

/** A class or function, by its names in Python 3. */
export class Global {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** How Python makes a value: what it calls, with what, and what it tells the result afterwards. */
export class Recipe {
  readonly opcode: "REDUCE" | "NEWOBJ";
  readonly callee: Global | Recipe;
  readonly args: readonly Part[];
  readonly more: RecipeExtras;

  constructor(
    opcode: Recipe["opcode"],
    callee: Recipe["callee"],
    args: readonly Part[],
    more: RecipeExtras = {},
  ) {
    this.opcode = opcode;
    this.callee = callee;
    this.args = args;
    this.more = more;
  }
}

/** What Python does with a value after it is made. */
export interface RecipeExtras {
  /** What `BUILD` tells it. */
  readonly state?: PyDict;
  /** The entries that it is filled with. */
  readonly entries?: PyDict["entries"];
  /** What Python has only one of, so that it is written once. */
  readonly singleton?: string;
}
