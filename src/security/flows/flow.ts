import { type Duration, durationMs } from "../../core/duration.ts";
import { CodecError, OptionsError } from "../../core/errors.ts";
import { encode, type JsonObject } from "../../core/json.ts";
import { entryOf, FLOWS } from "../../core/notes.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { behind } from "../../core/request/behind.ts";
import type { StorableItem } from "../../core/storable.ts";
import { changeNotes } from "./change.ts";
import { FlowError } from "./errors.ts";
import { putRun, type Run, runIn } from "./runs.ts";

/** The steps of a flow, and how long it may take. */
export interface FlowOptions<Step extends string> {
  /** In the order in which they are taken: each from the one before, and the last one finishes. */
  readonly steps: readonly [Step, ...Step[]];
  /** How long after its beginning it is over, whatever happens. */
  readonly expiresIn: Duration;
}

/** A flow that is under way, and nothing but that one: its name is part of the type. */
export interface InFlow<Name extends string, Step extends string, State> {
  readonly flow: Name;
  readonly step: Step;
  readonly state: State;
  /** When it is over. Epoch ms. */
  readonly endsAt: number;
}

/** What a flow may hold: JSON, and nobody's `userId`, which `signIn` alone may say. */
export type FlowState<State> = StorableItem<State> & {
  readonly userId?: "a flow proves nobody's identity: name it otherwise, and let signIn say who it is";
};

/**
 * One kind of flow. What it keeps lies beside the session's data, under its own name: no key of the data and
 * no other flow can stand in for it (WSTG-SESS-08). A sign-in of somebody else, and of an anonymous visitor,
 * ends it; a step-up of the same user does not.
 *
 * Each call throws {@link SessionEndedError} and {@link StoreError} as `session.update` does.
 */
export interface Flow<Name extends string, Step extends string, State> {
  readonly name: Name;
  /**
   * Begins it at its first step, anew if it was under way.
   *
   * @param state - JSON of up to 4 KiB.
   */
  begin(session: object, state: State): Promise<void>;
  /** Where it stands; `undefined` where it was not begun here, is finished or over. */
  at(session: object): InFlow<Name, Step, State> | undefined;
  /**
   * Takes the next step, once among parallel requests; over sessions in cookies, once with each copy.
   *
   * @param state - What it holds from now on; as it was, if left out.
   * @throws {@link FlowError} `none`, or `order` where `to` does not follow the step that it is at.
   */
  step(session: object, to: Step, state?: State): Promise<InFlow<Name, Step, State>>;
  /**
   * Finishes it from its last step, once among parallel requests; over sessions in cookies, once with each
   * copy. Resolves to what it held.
   *
   * @throws {@link FlowError} `none`, or `order` where it is at an earlier step.
   */
  finish(session: object): Promise<State>;
  /** Gives it up, if it is under way. */
  abandon(session: object): Promise<void>;
}

/** A flow whose state has still to be described. */
export interface FlowOf<Name extends string, Step extends string> {
  /** Says what it holds. */
  holding<State extends object>(
    ...check: State extends FlowState<State> ? [] : [FlowState<State>]
  ): Flow<Name, Step, State>;
}

const NAME_FORM = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const MAX_STATE_BYTES = 4_096;

/**
 * Describes a flow of several steps, such as a forgotten password, with a state of its own in the visitor's
 * session that expires by itself and that no other flow can use.
 *
 * @param name - A letter, then up to 63 of `A-Za-z0-9._-`; each flow has its own.
 * @throws {@link OptionsError} for a name, steps or a time that are none.
 * @example
 * const reset = flow("password-reset", { steps: ["asked", "proved"], expiresIn: "15m" })
 *   .holding<{ account: string }>();
 * await reset.begin(session, { account: user.id });
 * await reset.step(session, "proved");
 * const { account } = await reset.finish(session);
 */
export function flow<const Name extends string, const Step extends string>(
  name: Name,
  options: FlowOptions<Step>,
): FlowOf<Name, Step> {
  requireKnownKeys("flow", options, ["steps", "expiresIn"]);
  checkName("flow(name)", name);
  const { steps } = options;
  if (!Array.isArray(steps) || steps.length === 0 || new Set(steps).size !== steps.length) {
    throw new OptionsError("flow(steps)", 'must be a list of names, such as ["asked", "proved"].');
  }
  for (const step of steps) checkName("flow(steps)", step);
  const expiresInMs = durationMs("flow(expiresIn)", options.expiresIn);
  return { holding: <State>() => new NamedFlow<Name, Step, State>(name, steps, expiresInMs) };
}

class NamedFlow<Name extends string, Step extends string, State>
  implements Flow<Name, Step, State>
{
  readonly name: Name;
  readonly #steps: readonly [Step, ...Step[]];
  readonly #expiresInMs: number;

  constructor(name: Name, steps: readonly [Step, ...Step[]], expiresInMs: number) {
    this.name = name;
    this.#steps = steps;
    this.#expiresInMs = expiresInMs;
  }

  async begin(session: object, state: State): Promise<void> {
    const text = this.#textOf(state);
    const [step] = this.#steps;
    await this.#change(session, "begin", (notes, now) => {
      const endsAt = now + this.#expiresInMs;
      putRun(notes, this.name, { step, state: JSON.parse(text), endsAt }, now);
    });
  }

  at(session: object): InFlow<Name, Step, State> | undefined {
    const { engine, state } = behind(session, "flow.at(session)");
    const noted = entryOf(state.record?.notes, FLOWS);
    const run = runIn(noted, this.name, engine.environment.now());
    return run && this.#shown(run);
  }

  async step(session: object, to: Step, state?: State): Promise<InFlow<Name, Step, State>> {
    if (!this.#steps.slice(1).includes(to)) {
      throw new OptionsError("flow.step(to)", "is none of the flow's steps, or its first one.");
    }
    const text = state === undefined ? undefined : this.#textOf(state);
    return this.#change(session, "step", (notes, now) => {
      const run = this.#runAt(notes, now, this.#steps[this.#steps.indexOf(to) - 1]);
      const next = { ...run, step: to, ...(text !== undefined && { state: JSON.parse(text) }) };
      putRun(notes, this.name, next, now);
      return this.#shown(next);
    });
  }

  async finish(session: object): Promise<State> {
    return this.#change(session, "finish", (notes, now) => {
      const { state } = this.#runAt(notes, now, this.#steps.at(-1));
      putRun(notes, this.name, undefined, now);
      return state as State;
    });
  }

  async abandon(session: object): Promise<void> {
    if (this.at(session) === undefined) return;
    await this.#change(session, "abandon", (notes, now) =>
      putRun(notes, this.name, undefined, now),
    );
  }

  #change<T>(
    session: object,
    what: string,
    change: (notes: JsonObject, now: number) => T,
  ): Promise<T> {
    const attempt = `${what} the flow "${this.name}"`;
    return changeNotes(session, { call: `flow.${what}(session)`, attempt, change });
  }

  /** @throws {@link FlowError} where the flow is not at that step. */
  #runAt(notes: JsonObject, now: number, step: Step | undefined): Run {
    const run = runIn(notes[FLOWS], this.name, now);
    if (run === undefined) throw new FlowError("none", this.name);
    if (run.step !== step) throw new FlowError("order", this.name);
    return run;
  }

  #shown({ step, state, endsAt }: Run): InFlow<Name, Step, State> {
    const copy = structuredClone(state) as State;
    return { flow: this.name, step: step as Step, state: copy, endsAt };
  }

  #textOf(state: State): string {
    const path = `flow.${this.name}`;
    const text = encode(state, path);
    if (!text.startsWith("{")) throw new CodecError(path, "must be an object.");
    if (Object.hasOwn(Object(state), "userId")) {
      throw new CodecError(path, "a flow holds no userId, as it proves nobody's identity.");
    }
    if (Buffer.byteLength(text) > MAX_STATE_BYTES) {
      throw new CodecError(path, `must take ${MAX_STATE_BYTES} bytes as JSON, at the most.`);
    }
    return text;
  }
}

function checkName(option: string, name: unknown): void {
  if (typeof name === "string" && NAME_FORM.test(name)) return;
  throw new OptionsError(option, 'must be a name such as "password-reset".');
}
