/** Lets transitions of one request go one after the other, each from what the last one left. */
export class Turns {
  #waiting = 0;
  #last: Promise<void> | undefined;

  take<T>(transition: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const turn = this.#last?.then(transition) ?? transition();
    const end = (): void => this.#end();
    this.#last = turn.then(end, end);
    return turn;
  }

  /** Resolves when no transition is under way; `undefined` if none is. */
  whenIdle(): Promise<void> | undefined {
    return this.#last;
  }

  #end(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#last = undefined;
  }
}
