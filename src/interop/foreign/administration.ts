import type { Administration } from "../../core/administration.ts";
import { OptionsError } from "../../core/errors.ts";

/** Refuses what another framework's sessions have no answer to: none can be found without its key. */
export class ForeignAdministration implements Administration {
  readonly #framework: string;

  constructor(framework: string) {
    this.#framework = framework;
  }

  async find(): Promise<never> {
    throw this.#unknowable("find");
  }

  async list(): Promise<never> {
    throw this.#unknowable("list");
  }

  async revoke(): Promise<never> {
    throw this.#unknowable("revoke");
  }

  async revokeAll(): Promise<never> {
    throw this.#unknowable("revokeAll");
  }

  async forget(): Promise<never> {
    throw this.#unknowable("forget");
  }

  export(): never {
    throw this.#unknowable("export");
  }

  async count(): Promise<never> {
    throw this.#unknowable("count");
  }

  async onEnded(): Promise<never> {
    throw this.#unknowable("onEnded");
  }

  #unknowable(method: string): OptionsError {
    return new OptionsError(
      `sessions.${method}`,
      `these sessions are ${this.#framework}'s, and it keeps them by their keys alone: none can be ` +
        "found by its user, or from outside its own requests.",
    );
  }
}
