import { type FileHandle, open } from "node:fs/promises";
import { type Files, nodeFiles } from "../../../src/stores/file/files.ts";

/** Chooses who takes the next step: one of `count` who wait, or a crash of one of them. */
export type Choose = (count: number) => { readonly index: number; readonly isCrash: boolean };

/**
 * Lets several writers take their steps on the file system one at a time, in a chosen order. One
 * that is not chosen for long is a paused process; one that crashes takes no further step.
 */
export class Schedule {
  /** How many steps were taken: the time that the history tells. */
  steps = 0;
  readonly #waiting = new Map<number, () => void>();
  readonly #handles = new Set<FileHandle>();
  readonly #crashed = new Set<number>();
  #isRunning = false;
  #onStill: () => void = () => undefined;

  /** The file system of one writer. */
  filesOf(writer: number): Files {
    const files = nodeFiles(false);
    const gated =
      <Values extends readonly unknown[], Result>(step: (...values: Values) => Promise<Result>) =>
      async (...values: Values): Promise<Result> => {
        await this.#turn(writer);
        return step(...values);
      };
    return {
      list: gated(files.list),
      read: gated(files.read),
      write: async (path, text) => {
        await this.#turn(writer);
        const file = await open(path, "wx", 0o600);
        this.#handles.add(file);
        // A file is there before its contents are, and these come in pieces.
        const half = text.length >> 1;
        if (text !== "") {
          await this.#turn(writer);
          await file.write(text.slice(0, half));
          await file.write(text.slice(half));
        }
        this.#handles.delete(file);
        await file.close();
      },
      makeFolder: gated(files.makeFolder),
      rename: gated(files.rename),
      removeFile: gated(files.removeFile),
      removeFolder: gated(files.removeFolder),
      sync: files.sync,
      changedAt: gated(files.changedAt),
    };
  }

  /** Runs the writers to their ends; resolves to who crashed on the way. */
  async run(
    writers: readonly (() => Promise<void>)[],
    choose: Choose,
  ): Promise<ReadonlySet<number>> {
    this.#isRunning = true;
    let failure: unknown;
    for (const [writer, work] of writers.entries()) {
      await this.#untilStill(() => {
        this.#turn(writer)
          .then(work)
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => this.#onStill());
      });
    }
    while (this.#waiting.size > 0) await this.#step(choose);
    this.#isRunning = false;
    for (const handle of this.#handles) await handle.close();
    if (failure !== undefined) throw failure;
    return this.#crashed;
  }

  async #step(choose: Choose): Promise<void> {
    const waiting = [...this.#waiting].sort(([one], [other]) => one - other);
    const { index, isCrash } = choose(waiting.length);
    const chosen = waiting[index];
    if (chosen === undefined) throw new RangeError("nobody was chosen");
    const [writer, go] = chosen;
    this.#waiting.delete(writer);
    this.steps += 1;
    if (isCrash) this.#crashed.add(writer);
    else await this.#untilStill(go);
  }

  /** Resolves when the one writer that `start` sets going waits again, or is done. */
  #untilStill(start: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#onStill = resolve;
      start();
    });
  }

  #turn(writer: number): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(writer, resolve);
      this.#onStill();
    });
  }
}

/** Every order there is, one after the other, until `maximum` of them have been. */
export async function everyOrder(
  maximum: number,
  play: (choose: Choose) => Promise<void>,
): Promise<number> {
  let path: { index: number; count: number }[] = [];
  for (let orders = 1; ; orders += 1) {
    let depth = 0;
    await play((count) => {
      const known = path[depth];
      if (known === undefined) path.push({ index: 0, count });
      else known.count = count;
      const { index } = path[depth] ?? { index: 0 };
      depth += 1;
      return { index, isCrash: false };
    });
    while (path.length > 0 && (path.at(-1)?.index ?? 0) + 1 >= (path.at(-1)?.count ?? 0)) {
      path = path.slice(0, -1);
    }
    const last = path.at(-1);
    if (last === undefined || orders >= maximum) return orders;
    last.index += 1;
  }
}

/** An order at random that can be had again, with long pauses of one writer, and crashes. */
export function randomOrder(seed: number, crashes: number): Choose {
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let favourite = 0;
  return (count) => {
    if (draw() < 0.2) favourite = draw();
    return { index: Math.floor(favourite * count), isCrash: draw() < crashes };
  };
}
