import type { Operation } from "./operation.ts";

/** Something that was done to the network, the server or a process. */
export interface Trouble {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

/** All that happened in one run. */
export interface History {
  readonly seed: number;
  readonly operations: readonly Operation[];
  readonly troubles: readonly Trouble[];
  /** Of each process that did not find the store again, its last operation. */
  readonly lost: readonly Operation[];
  /** The last words of processes that ended by themselves. */
  readonly casualties: readonly string[];
}
