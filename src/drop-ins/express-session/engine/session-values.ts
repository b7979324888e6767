import { HeadersSentError } from "../../../core/errors.ts";
import type { SessionState } from "../../../core/request/session-state.ts";
import type { Session as EngineSession } from "../../../core/session.ts";

/** What a session object shows. */
export interface SessionValues {
  get(key: string): unknown;
  has(key: string): boolean;
  set(key: string, value: unknown): void;
  delete(key: string): void;
  keys(): string[];
}

/** Under this key stands what a visitor's cookie has that others have not. */
export const COOKIE_KEY = "cookie";

type Untyped = Record<string, unknown>;

/** The values of a session that goes on: those of the engine, and what JSON has no form for. */
export class LiveValues implements SessionValues {
  readonly #session: EngineSession<Untyped>;
  readonly #state: SessionState;
  /** Functions and the like, which live as long as the request. */
  #passing: Map<string, unknown> | undefined;
  /** Why a change is lost, where one is. */
  lost: HeadersSentError | undefined;

  constructor(session: EngineSession<Untyped>, state: SessionState) {
    this.#session = session;
    this.#state = state;
  }

  get(key: string): unknown {
    return this.#passing?.get(key) ?? this.#state.draft.get(key);
  }

  has(key: string): boolean {
    return this.#passing?.has(key) === true || this.#state.draft.has(key);
  }

  set(key: string, value: unknown): void {
    const isPassing =
      value === undefined || typeof value === "function" || typeof value === "symbol";
    if (!isPassing) {
      this.#passing?.delete(key);
      this.#change(() => this.#session.set(key, value));
      return;
    }
    this.delete(key);
    this.#passing ??= new Map();
    this.#passing.set(key, value);
  }

  delete(key: string): void {
    this.#passing?.delete(key);
    if (this.#state.draft.has(key)) this.#change(() => this.#session.delete(key));
  }

  keys(): string[] {
    const keys = this.#state.draft.keys().filter((key) => key !== COOKIE_KEY);
    return this.#passing === undefined ? keys : [...keys, ...this.#passing.keys()];
  }

  /** What comes after the response was always lost, and never an error. Now it is told. */
  #change(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof HeadersSentError)) throw error;
      this.lost = error;
      process.emitWarning(
        "express-session: req.session was changed after the response had been sent, which is lost.",
        "SojournWarning",
      );
    }
  }
}

/** The values of a session object that stands for no session any more. */
export class FormerValues implements SessionValues {
  readonly #values: Map<string, unknown>;

  constructor(values: SessionValues) {
    this.#values = new Map(values.keys().map((key) => [key, values.get(key)]));
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: unknown): void {
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }
}
