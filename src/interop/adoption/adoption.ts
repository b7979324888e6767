import { createHash } from "node:crypto";
import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import type { Inheritance, Inherited } from "../../core/passage.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import type { AdoptionTools, Occasion } from "./occasion.ts";
import type { Takeover } from "./takeover.ts";

/** Takes over one of the old sessions that a request brings: the first of the best. */
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
    for (const candidate of await this.#found(candidates, rejected)) {
      const taken = await candidate.take();
      if (typeof taken === "string") rejected(taken);
      else if (taken !== undefined) return taken;
    }
    return undefined;
  }

  async end(deadline: Deadline): Promise<void> {
    if (this.wasAsked) return;
    const { keeper, old, report } = this.#occasion;
    for (const value of this.#values) {
      const key = old.keyIn(value, deadline.now);
      if (typeof key === "string") await old.end(key, keeper, deadline).catch(report);
    }
  }

  /** All that can be taken, the best first; what comes after one that is signed in is not looked at. */
  async #found(
    candidates: Candidates,
    rejected: (reason: Rejection) => void,
  ): Promise<readonly Candidate[]> {
    const found: Candidate[] = [];
    for (const value of this.#values) {
      const candidate = await candidates.in(value);
      if (typeof candidate === "string") rejected(candidate);
      else if (candidate !== undefined) found.push(candidate);
      if (typeof candidate === "object" && candidate.is === "signed in") break;
    }
    return RANKS.flatMap((rank) => found.filter(({ is }) => is === rank));
  }
}

/** A signed-in session counts before an anonymous one, which somebody may have planted. */
const RANKS: readonly Candidate["is"][] = ["signed in", "anonymous", "over"];

/** Of the shortest key of a framework's that nobody can guess: 32 letters and digits, or hex. */
const KEY_LENGTH = 32;

/** As long as a token of ours, whatever the length of theirs. */
function secretOf(value: string): string {
  return createHash("sha256").update(value).digest("base64url");
}
