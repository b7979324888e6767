import { createHash } from "node:crypto";
import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import type { Inheritance, Inherited } from "../../core/passage.ts";
import { Candidates } from "./candidates.ts";
import type { AdoptionTools, Occasion } from "./occasion.ts";
import type { Takeover } from "./takeover.ts";

/** Takes over the first of the old sessions that a request brings and that can be. */
export class Adoption implements Inheritance {
  readonly #values: readonly string[];
  readonly #tools: AdoptionTools;
  readonly #occasion: Occasion;
  #candidates: Candidates | undefined;

  constructor(tools: AdoptionTools, values: readonly string[], occasion: Occasion) {
    this.#tools = tools;
    this.#occasion = occasion;
    this.#values = values;
  }

  /** Whether anybody has asked what can be taken over: nothing else was a session. */
  get wasAsked(): boolean {
    return this.#candidates !== undefined;
  }

  /** Of what was taken, or tried last. */
  get takeover(): Takeover | undefined {
    return this.#candidates?.takeover;
  }

  get secrets(): readonly string[] {
    return this.#values.filter(({ length }) => length >= KEY_LENGTH).map(secretOf);
  }

  async take(
    deadline: Deadline,
    rejected: (reason: Rejection) => void,
  ): Promise<Inherited | undefined> {
    const candidates = new Candidates(this.#tools, this.#occasion, deadline);
    this.#candidates = candidates;
    for (const value of this.#values) {
      const found = await candidates.in(value);
      const taken = typeof found === "object" ? await found.take() : found;
      if (typeof taken === "string") rejected(taken);
      else if (taken !== undefined) return taken;
    }
    return undefined;
  }
}

/** Of the shortest key of a framework's that nobody can guess: 32 letters and digits, or hex. */
const KEY_LENGTH = 32;

/** As long as a token of ours, whatever the length of theirs. */
function secretOf(value: string): string {
  return createHash("sha256").update(value).digest("base64url");
}
