import { documentText, type Edit, gatheredEdit } from "../commit/edit.ts";
import type { Grip } from "../commit/lease-edits.ts";
import { Shown } from "../commit/shown.ts";
import { UpdateEdit } from "../commit/update-edit.ts";
import { withoutDue } from "../due.ts";
import type { Duration } from "../duration.ts";
import type { Engine } from "../engine.ts";
import { ExclusiveError, OptionsError } from "../errors.ts";
import { checkKey, describeKey } from "../json.ts";
import type { SessionRecord } from "../record.ts";
import type {
  ExclusiveSession,
  FreshOptions,
  REMOVE,
  SessionView,
  ValueOptions,
} from "../session.ts";
import type { Present } from "../storable.ts";
import { refuseAssignments } from "./assignments.ts";
import { Draft } from "./draft.ts";
import { dueAtOf } from "./value-options.ts";
import { viewOf } from "./view.ts";

const TRANSITIONS = [
  "clear",
  "consume",
  "flash",
  "take",
  "takeAll",
  "signIn",
  "signOut",
  "regenerate",
  "destroy",
  "save",
  "exclusive",
] as const;

/** The session that exclusive work is given: what changes in it waits for the end of the work. */
export class ExclusiveObject<D extends object> implements ExclusiveSession<D> {
  readonly #engine: Engine;
  readonly #facts: SessionView<D>;
  readonly #grip: Grip;
  readonly #draft: Draft;
  readonly #updates: Edit[] = [];
  #isDone = false;
  /** What the work goes on from. */
  #record: SessionRecord;

  static {
    refuseAssignments(
      ExclusiveObject.prototype,
      (name) => `it is no part of a session. Write session.set("${name}", value).`,
    );
    refuseTransitions(ExclusiveObject.prototype);
  }

  constructor(engine: Engine, newest: SessionRecord, grip: Grip) {
    const record = withoutDue(newest, engine.environment.now());
    const shown = new Shown(engine.shape, record);
    this.#engine = engine;
    this.#record = record;
    this.#facts = viewOf(engine, { record, reading: shown });
    this.#grip = grip;
    this.#draft = new Draft(engine.shape, shown, engine.environment.now);
  }

  get<K extends keyof D & string>(key: K): D[K] {
    return this.#draft.get(key) as D[K];
  }

  has(key: keyof D & string): boolean {
    return this.#draft.has(key);
  }

  *entries<K extends keyof D & string = keyof D & string>(): IterableIterator<[K, D[K]]> {
    for (const key of this.#draft.keys() as K[]) yield [key, this.get(key)];
  }

  get id(): string {
    return this.#facts.id;
  }

  get userId(): string | undefined {
    return this.#facts.userId;
  }

  get createdAt(): number {
    return this.#facts.createdAt;
  }

  get lastSeenAt(): number {
    return this.#facts.lastSeenAt;
  }

  get expiresAt(): number {
    return this.#facts.expiresAt;
  }

  get idleEndsAt(): number {
    return this.#facts.idleEndsAt;
  }

  get endsAt(): number {
    return this.#facts.endsAt;
  }

  get authenticatedAt(): number | undefined {
    return this.#facts.authenticatedAt;
  }

  get factors(): ReadonlyMap<string, number> {
    return this.#facts.factors;
  }

  get persistent(): boolean {
    return this.#facts.persistent;
  }

  get label(): string | undefined {
    return this.#facts.label;
  }

  get place(): string | undefined {
    return this.#facts.place;
  }

  isFresh(maxAge: Duration, options?: FreshOptions): boolean {
    return this.#facts.isFresh(maxAge, options);
  }

  set<K extends keyof D & string>(
    key: K,
    value: Exclude<D[K], undefined>,
    options?: ValueOptions,
  ): void {
    this.#checkHeld();
    this.#draft.set(key, value, dueAtOf("set", options, this.#engine.environment.now));
  }

  delete(key: keyof D & string): void {
    this.#checkHeld();
    this.#draft.delete(key);
  }

  async update<K extends keyof D & string>(
    key: K,
    fn: (value: D[K]) => Present<D[K]> | typeof REMOVE,
    options?: ValueOptions,
  ): Promise<D[K]> {
    checkKey(key, describeKey(key));
    this.#checkHeld();
    const { shape, environment } = this.#engine;
    const dueAt = dueAtOf("update", options, environment.now);
    const updater = (newest: unknown): unknown => fn(newest as D[K]);
    const before = this.#draft.gatheredAt(key);
    const edit = new UpdateEdit(shape, key, updater, before, dueAt);
    this.#show(edit);
    this.#draft.settle(key, before);
    this.#updates.push(edit);
    const { text } = edit;
    const value = text === undefined ? shape.defaultOf(key) : shape.codec.decode(text);
    return value as D[K];
  }

  /** What the work has changed, in the order in which it did. Nothing more is taken. */
  gathered(): readonly Edit[] {
    this.#isDone = true;
    const gathered = this.#draft.gathered();
    return gathered === undefined ? this.#updates : [...this.#updates, gatheredEdit(gathered)];
  }

  /** The work goes on from what its update came to. */
  #show(edit: UpdateEdit): void {
    const { shape, environment } = this.#engine;
    const record = withoutDue(this.#record, environment.now());
    const { document, flash } = new Shown(shape, record);
    const { persistent } = record;
    const edited = edit.apply({ document, flash, persistent, notes: record.notes });
    const data = documentText(edited);
    const { notes } = edited;
    this.#record = { ...record, data, notes };
    this.#draft.rebase(new Shown(shape, { data, flash: "", notes }));
  }

  #checkHeld(): void {
    if (this.#grip.isOver) throw new ExclusiveError("lost", this.#grip.name);
    if (!this.#isDone) return;
    throw new OptionsError(
      "exclusive(work)",
      "it changes its session after it is done: what it has begun must be awaited.",
    );
  }
}

/** What a lease is not for would take effect at once, or in another commit. */
function refuseTransitions(prototype: object): void {
  for (const name of TRANSITIONS) {
    const value = (): never => {
      throw new OptionsError(
        `session.${name}`,
        "exclusive work reads, sets, deletes and updates. Do the rest before it or after it.",
      );
    };
    Object.defineProperty(prototype, name, { value });
  }
}
