import { checkedFiles, type Files, nodeFiles } from "../../../src/stores/file/files.ts";

/** The file system, with its steps counted; of a listing each name counts as one, too. */
export class CountedFiles {
  steps = 0;
  #onStep: () => void = () => undefined;
  readonly files: Files = this.#counted();

  /** How many steps `work` takes. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const before = this.steps;
    await work();
    return this.steps - before;
  }

  /** A signal that is aborted after so many steps from now. */
  signalAfter(steps: number): AbortSignal {
    const end = this.steps + steps;
    const controller = new AbortController();
    this.#onStep = () => {
      if (this.steps >= end) controller.abort();
    };
    return controller.signal;
  }

  #counted(): Files {
    const files = nodeFiles(false);
    const list: Files["list"] = async (folder) => {
      const names = await files.list(folder);
      this.steps += names.length;
      return names;
    };
    return checkedFiles({ ...files, list }, () => {
      this.steps += 1;
      this.#onStep();
    });
  }
}
