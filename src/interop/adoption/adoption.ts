import { createHash } from "node:crypto";
import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import type { Inheritance, Inherited } from "../../core/passage.ts";
import { mapped } from "./adopted-record.ts";
import type { AdoptionTools, Occasion } from "./occasion.ts";
import type { Adopted } from "./old-session.ts";
import type { Old } from "./old-sessions.ts";
import { Takeover } from "./takeover.ts";

/** Takes over the first of the old sessions that a request brings and that can be. */
export class Adoption implements Inheritance {
  readonly #values: readonly string[];
  /** Whether anybody has asked what can be taken over: nothing else was a session. */
  wasAsked = false;
  /** Of what was looked into last. */
  takeover: Takeover | undefined;
  readonly #tools: AdoptionTools;
  readonly #occasion: Occasion;

  constructor(tools: AdoptionTools, values: readonly string[], occasion: Occasion) {
    this.#tools = tools;
    this.#occasion = occasion;
    this.#values = values;
  }

  get secrets(): readonly string[] {
    return this.#values.filter(({ length }) => length >= KEY_LENGTH).map(secretOf);
  }

  async take(
    deadline: Deadline,
    rejected: (reason: Rejection) => void,
  ): Promise<Inherited | undefined> {
    this.wasAsked = true;
    for (const value of this.#values) {
      const taken = await this.#takeOver(value, deadline);
      if (typeof taken === "string") rejected(taken);
      else if (taken !== undefined) return taken;
    }
    return undefined;
  }

  async #takeOver(value: string, deadline: Deadline): Promise<Inherited | Rejection | undefined> {
    const key = this.#occasion.old.keyIn(value, deadline.now);
    if (key === undefined) return this.#takeWhole(value, deadline);
    return typeof key === "string" ? this.#takeKept(key, deadline) : key.rejection;
  }

  /** One that lies in a store: its key tells it from all others. */
  async #takeKept(key: string, deadline: Deadline): Promise<Inherited | Rejection | undefined> {
    const takeover = this.#takeoverOf(this.#tools.identityFor(key), key, deadline);
    const known = await takeover.known();
    if (known !== undefined) return known;
    const old = await this.#occasion.old.find(key, this.#occasion.keeper, deadline);
    // Another request may have taken it away meanwhile.
    if (typeof old === "string") return (await takeover.known()) ?? old;
    const adopted = this.#mapped(old, deadline);
    return adopted && takeover.begin(old, adopted);
  }

  /**
   * One that is whole in its cookie. Visitors who are not signed in may hold the very same text, so
   * that theirs tells nobody apart: each request begins a session of its own.
   */
  async #takeWhole(value: string, deadline: Deadline): Promise<Inherited | Rejection | undefined> {
    const { keeper, old: sessions } = this.#occasion;
    const old = await sessions.open(value, keeper, deadline);
    if (typeof old === "string") return old;
    const adopted = this.#mapped(old, deadline);
    if (adopted === undefined) return undefined;
    const { userId } = adopted;
    if (userId === undefined) {
      const identity = { ...this.#occasion.issue(), markId: undefined };
      return this.#takeoverOf(identity, undefined, deadline).begin(old, adopted);
    }
    const identity = this.#tools.identityFor(JSON.stringify([userId, old.content]));
    const takeover = this.#takeoverOf(identity, undefined, deadline);
    return (await takeover.known(old)) ?? takeover.begin(old, adopted);
  }

  #takeoverOf(
    identity: Takeover["identity"],
    key: string | undefined,
    deadline: Deadline,
  ): Takeover {
    this.takeover = new Takeover(this.#tools, this.#occasion, { identity, key }, deadline);
    return this.takeover;
  }

  #mapped(old: Old, { now }: Deadline): Adopted<object> | undefined {
    try {
      return mapped(this.#tools.map, old, now);
    } catch (error) {
      this.#occasion.report(error);
      return undefined;
    }
  }
}

/** Of the shortest key of a framework's that nobody can guess: 32 letters and digits, or hex. */
const KEY_LENGTH = 32;

/** As long as a token of ours, whatever the length of theirs. */
function secretOf(value: string): string {
  return createHash("sha256").update(value).digest("base64url");
}
