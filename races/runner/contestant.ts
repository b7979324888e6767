/** Where a library keeps its sessions, and so which races can be run. */
export type Place = "memory" | "cookie" | "redis" | "postgres" | "sqlite" | "files";

/** An application with the nine routes, over one library in one setting. */
export interface Contestant {
  /** In the table, and for `--only`. */
  readonly name: string;
  /** How it is set up, in the table. */
  readonly setting: string;
  readonly place: Place;
  /** The program and its arguments, from the folder `contestants`. */
  readonly command: readonly [string, ...string[]];
  /** What a reader of its row should know. */
  readonly notes?: readonly string[];
}
