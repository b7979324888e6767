/**
 * Lets transitions of one request go one after the other, each from what the last one left.
 */
export class Turns {
  #waiting = 0;
  #last: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  take<T>(transition: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const turn = this.#last?.then(transition) ?? transition();
    this.#last = turn.then(
      () => this.#end(),
      (error: unknown) => {
        this.#failure ??= { error };
        this.#end();
      },
    );
    return turn;
  }

  /**
   * Resolves when no transition is under way, and rejects if one of those fails: the handler did
   * not wait for it. `undefined` if none is.
   */
  whenIdle(): Promise<void> | undefined {
    if (this.#last === undefined) return undefined;
    this.#failure = undefined;
    return this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#last !== undefined) await this.#last;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #end(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#last = undefined;
  }
}
