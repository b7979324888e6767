import { dirname } from "node:path";
import type { StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import { FileStoreProblem, failureOf } from "./failure.ts";
import { ABSENT, checkedFiles, codeOf, type Files, unless } from "./files.ts";
import type { Places } from "./places.ts";

/** One call on the store: its steps on the files, up to the deadline. */
export class Task {
  readonly places: Places;
  readonly call: StoreCall;
  /** Steps that are not begun after the deadline. */
  readonly files: Files;
  /** Steps that belong to a write which is done. They are taken in any case. */
  readonly settledFiles: Files;
  /** How many deciding steps are under way, done, or failed in a way that leaves it open. */
  #writes = 0;

  constructor(places: Places, files: Files, call: StoreCall) {
    this.places = places;
    this.call = call;
    this.settledFiles = files;
    this.files = checkedFiles(files, () => this.#check());
  }

  /** Runs the call, and tells truly of a failure whether anything can have been written. */
  async run<Result>(operation: StoreOperation, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw failureOf(operation, error, this.#writes > 0);
    }
  }

  /** Takes the step that decides: `false`, and nothing written, if it fails with such a code. */
  async decide(missed: readonly string[], step: (files: Files) => Promise<void>): Promise<boolean> {
    return (await this.decideOr([], missed, step)) ?? false;
  }

  /** The same, where `undefined` stands for a second group of codes. */
  async decideOr(
    absent: readonly string[],
    missed: readonly string[],
    step: (files: Files) => Promise<void>,
  ): Promise<boolean | undefined> {
    this.#check();
    this.#writes += 1;
    try {
      await step(this.settledFiles);
      return true;
    } catch (error) {
      if (![...absent, ...missed].includes(codeOf(error))) throw error;
      this.#writes -= 1;
      return absent.includes(codeOf(error)) ? undefined : false;
    }
  }

  /** Does what may as well be left to the sweep. */
  async quietly(work: () => Promise<void>): Promise<void> {
    await work().catch(() => undefined);
  }

  /** Makes a folder two below one of the store's own. */
  async makeFolder(path: string): Promise<void> {
    const parent = dirname(path);
    await this.files.makeFolder(path);
    await unless(ABSENT, this.files.sync(parent));
    await this.files.sync(dirname(parent));
  }

  #check(): void {
    if (this.call.signal.aborted) throw new FileStoreProblem("the deadline passed");
  }
}
