import { longestLifeMs } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import { StoreError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { tombstone } from "../../core/lifecycle/transitions.ts";
import { commitsBefore, type EpochMs, type SessionRecord } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import { deviceId, newCommitId, type SessionId } from "../../core/token.ts";
import { type Binding, OFFER_MS } from "./binding.ts";

/** Each of them means that somebody else has just written the same. */
const MAX_CONFLICTS = 16;
const ID_BYTES = 16;
const ID_FORM = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** The identifier that `text` spells, or `undefined`. Any text is accepted. */
export function parseBindingId(text: string | undefined): string | undefined {
  return text !== undefined && ID_FORM.test(text) ? text : undefined;
}

/** The bindings of one manager, a side record each. */
export class Bindings {
  readonly #engine: Engine;
  readonly #kind: string;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#kind = sideManager(engine.name, "device");
  }

  /** Draws an identifier: 128 random bits. */
  newId(): string {
    return this.#engine.environment.random(ID_BYTES).toString("base64url");
  }

  async load(id: string, deadline: Deadline): Promise<Binding | undefined> {
    return bindingIn(await this.#load(id, deadline), this.#kind);
  }

  /** Kept for as long as its offer. */
  async create(id: string, binding: Binding, deadline: Deadline): Promise<void> {
    const record = this.#record(this.#idOf(id), binding, deadline.now + OFFER_MS, deadline);
    if ((await this.#engine.home.keeper.create(record, deadline)) === "created") return;
    throw new Error("The source of randomness repeats itself; no session can be bound.");
  }

  /**
   * Changes a binding by its newest state, as often as others write it. Resolves to what it became;
   * to `undefined` where there is none, or `change` has given none back: then nothing was written.
   */
  async change(
    id: string,
    change: (binding: Binding) => Binding | undefined,
    deadline: Deadline,
  ): Promise<Binding | undefined> {
    const { keeper } = this.#engine.home;
    let stored = await this.#load(id, deadline);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const before = bindingIn(stored, this.#kind);
      const after = before && change(before);
      if (stored?.kind !== "live" || after === undefined) return undefined;
      const record = this.#record(stored.id, after, this.#endOf(after, stored, deadline), deadline);
      const successor = { ...record, earlier: commitsBefore(stored) };
      const outcome = await keeper.update(successor, stored.version, deadline);
      if (outcome.kind === "updated") return after;
      stored = outcome.kind === "conflict" ? outcome.current : undefined;
    }
    throw new StoreError("update", "failed", "other writes to the same binding kept winning");
  }

  /** Lets go of a binding. It does not matter if that fails: it expires. */
  async end(id: string, deadline: Deadline): Promise<void> {
    const side = { id: this.#idOf(id), manager: this.#kind };
    const stone = tombstone(this.#engine, side, "destroyed", deadline);
    await this.#engine.home.keeper.end(stone, undefined, deadline).catch(() => undefined);
  }

  /** Whether this is the first time that a proof is seen. Told apart from others for as long as asked. */
  async isFirst(id: string, jti: string, keptUntil: EpochMs, deadline: Deadline): Promise<boolean> {
    const seen = deviceId("proof", `${id}\0${jti}`, this.#engine.name);
    const { random } = this.#engine.environment;
    const record = sideRecord({
      id: seen,
      manager: this.#kind,
      version: newCommitId(random),
      content: {},
      writtenAt: deadline.now,
      endsAt: keptUntil,
    });
    return (await this.#engine.home.keeper.create(record, deadline)) === "created";
  }

  #load(id: string, deadline: Deadline): Promise<Awaited<ReturnType<LoadOf>>> {
    // A copy may not know of the value that the browser has just been given.
    return this.#engine.home.keeper.loadNewest(this.#idOf(id), deadline);
  }

  #idOf(id: string): SessionId {
    return deviceId("binding", id, this.#engine.name);
  }

  /** What is bound is kept as long as any session may live: who changes their mind lives longer. */
  #endOf(
    { key, scriptKey }: Binding,
    { createdAt, absoluteTimeoutMs }: SessionRecord,
    { now }: Deadline,
  ): EpochMs {
    if (key === undefined && scriptKey === undefined) return createdAt + absoluteTimeoutMs;
    return now + longestLifeMs(this.#engine.policies);
  }

  #record(id: SessionId, binding: Binding, endsAt: EpochMs, { now }: Deadline): SessionRecord {
    const { random } = this.#engine.environment;
    return sideRecord({
      id,
      manager: this.#kind,
      version: newCommitId(random),
      content: { ...binding } as unknown as JsonObject,
      writtenAt: now,
      endsAt,
    });
  }
}

type LoadOf = Engine["home"]["keeper"]["load"];

function bindingIn(stored: Awaited<ReturnType<LoadOf>>, kind: string): Binding | undefined {
  // Nobody else writes under such a name, so what is there has the form that we gave it.
  return sideContent(stored, kind) as unknown as Binding | undefined;
}
