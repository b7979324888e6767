import type { Codec } from "../codec.ts";
import {
  type Change,
  type FlashEntry,
  type Gathered,
  type GatheredAt,
  isEmpty,
  type Label,
} from "../commit/edit.ts";
import type { Stored } from "../commit/shown.ts";
import type { WrittenValue } from "../due.ts";
import { checkKey, describeKey, isObject, own } from "../json.ts";
import type { EpochMs } from "../record.ts";
import type { Shape } from "../shape.ts";

const NO_ENTRIES: readonly FlashEntry[] = [];
const NO_NAMES: ReadonlySet<string> = new Set();

/** A value given to the application, with its text at that moment. */
interface HandedOut {
  readonly value: object;
  readonly text: string | undefined;
  /** When the value is due, where it has a time of its own: as it was when it was handed out. */
  readonly dueAt: EpochMs | undefined;
}

/** A value that the application set, or `undefined` where it deleted the key. */
interface Pending {
  readonly value: unknown;
  /** As it was when it was set: an object may have been changed in place since. */
  readonly text: string | undefined;
  /** When the value is due, where it was given a time of its own. */
  readonly dueAt: EpochMs | undefined;
}

const DELETED: Pending = { value: undefined, text: undefined, dueAt: undefined };

/** Whether the visitor wishes to be remembered. Each is another one, whatever it says. */
interface Wish {
  readonly value: boolean;
}

/** What a request has set, deleted and left for the next one, by some moment or since then. */
export interface Changes {
  /** Each is there once: another one under the same key is a later change, whatever it is. */
  readonly pending: ReadonlyMap<string, Pending>;
  readonly flashed: readonly FlashEntry[];
  /** There where all else was cleared. */
  readonly spared: Set<string> | undefined;
  readonly persistent: Wish | undefined;
  readonly label: Label | undefined;
}

/** What a sign-in settles. */
export interface Wishes {
  readonly persistent: boolean | undefined;
  readonly label: Label | undefined;
}

/** Which changes concern one key by some moment: what comes later is none of them. */
export interface Concerning {
  readonly pending: Pending | undefined;
  readonly spared: ReadonlySet<string> | undefined;
}

/** What an `update` builds on, beside what is stored. */
interface GatheredBefore extends GatheredAt, Concerning {}

/**
 * One request's working copy: what it read, what it changed, what it has been shown.
 *
 * It remembers each object it hands out, so that a change in place is noticed at commit. What only
 * some requests need is made when they do.
 */
export class Draft {
  readonly #shape: Shape;
  readonly #now: () => EpochMs;
  #stored: Stored;
  #pending: Map<string, Pending> | undefined;
  #handedOut: Map<string, HandedOut> | undefined;
  /** After `clear`: the keys that `update` has stored since. */
  #spared: Set<string> | undefined;
  #flashed: FlashEntry[] | undefined;
  /** Names of the messages that this request leaves: they are for the next one. */
  #left: Set<string> | undefined;
  #taken: Set<string> | undefined;
  #persistent: Wish | undefined;
  #label: Label | undefined;

  constructor(shape: Shape, stored: Stored, now: () => EpochMs) {
    this.#shape = shape;
    this.#stored = stored;
    this.#now = now;
  }

  get(key: string): unknown {
    const pending = this.#pendingAt(key);
    if (pending !== undefined && pending.value !== undefined) return pending.value;
    const handedOut = this.#handedOutAt(key);
    if (handedOut !== undefined) return handedOut.value;
    // Asked once, as time goes on meanwhile: a value must not lose its own.
    const isGone = pending !== undefined || this.#isGone(key);
    const value = this.#current(key, isGone);
    return isObject(value) ? this.#handOut(key, value, this.#storedDueAt(key, isGone)) : value;
  }

  /** When the value that `get` gives is due; `undefined` where it has no time of its own. */
  dueAt(key: string): EpochMs | undefined {
    const pending = this.#pendingAt(key);
    if (pending !== undefined) return pending.dueAt;
    return this.#handedOutAt(key)?.dueAt ?? this.#storedDueAt(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Whether there is a value of its own under the key: set, changed or stored, not a default. */
  isOwn(key: string): boolean {
    const pending = this.#pendingAt(key);
    if (pending?.value !== undefined || this.#isChangedInPlace(key)) return true;
    return pending === undefined && this.#isStored(key);
  }

  /** @param dueAt - From then on it is gone; never, if left out, before the session is. */
  set(key: string, value: unknown, dueAt?: EpochMs): void {
    checkKey(key, describeKey(key));
    const text = this.#codec.encode(value, key);
    this.#put(key, { value, text, dueAt });
  }

  delete(key: string): void {
    // One of its own, by which a later delete is told from an earlier one.
    this.#put(key, { ...DELETED });
  }

  clear(): void {
    this.#pending = undefined;
    this.#handedOut = undefined;
    this.#spared = new Set();
  }

  /** Every key with a value, defaults included. */
  keys(): string[] {
    const stored = Object.keys(this.#stored.view).filter((key) => !this.#isCleared(key));
    const pending = this.#pending?.keys() ?? [];
    const keys = new Set([...this.#shape.defaultKeys, ...stored, ...pending]);
    return [...keys].filter((key) => this.has(key));
  }

  flash(entry: FlashEntry): void {
    this.#flashed ??= [];
    this.#flashed.push(entry);
    this.#left ??= new Set();
    this.#left.add(entry[0]);
  }

  /** The oldest waiting message under a key that this request has not been shown. */
  take(key: string, keep: boolean): unknown {
    const entry = this.#stored.flash.find((each) => each[1] === key && this.#isWaiting(each));
    return entry && this.#show(entry, keep);
  }

  /** Every waiting message that this request has not been shown, oldest first. */
  takeAll(only: string | undefined, keep: boolean): [key: string, message: unknown][] {
    const waiting = this.#stored.flash.filter(
      (each) => (only === undefined || each[1] === only) && this.#isWaiting(each),
    );
    return waiting.map((entry) => [entry[1], this.#show(entry, keep)]);
  }

  get persistent(): boolean | undefined {
    return this.#persistent?.value;
  }

  set persistent(value: boolean | undefined) {
    this.#persistent = value === undefined ? undefined : { value };
  }

  /** What the device is to be called from now on, if that changes. */
  get label(): Label | undefined {
    return this.#label;
  }

  set label(label: Label | undefined) {
    this.#label = label;
  }

  /**
   * What changed, as text; `undefined` if nothing did.
   *
   * @throws {@link CodecError} if a value changed in place can no longer be kept.
   */
  gathered(): Gathered | undefined {
    if (this.#isUntouched()) return undefined;
    // A clear of nothing must not clear what is stored after it.
    if (!this.#isClearing()) this.#spared = undefined;
    const values = this.#inPlace();
    const inPlace = values.length === 0 ? NO_NAMES : new Set(values.map(([key]) => key));
    for (const key of this.#pending?.keys() ?? []) {
      // What was deleted, and whose default was then changed in place, is set.
      const change = inPlace.has(key) ? undefined : this.#pendingChange(key);
      if (change !== undefined) values.push(asWritten(key, change));
    }
    const gathered: Gathered = {
      spared: this.#spared,
      values,
      flashed: this.#flashed === undefined ? NO_ENTRIES : [...this.#flashed],
      taken: this.#taken === undefined ? NO_NAMES : new Set(this.#taken),
      persistent: this.persistent,
      label: this.#label,
    };
    return isEmpty(gathered) ? undefined : gathered;
  }

  /** As {@link gathered}, without what has been set, deleted and left since. */
  gatheredBy(before: Changes): Gathered | undefined {
    const { pending, flashed, spared, persistent, label } = this.changesSince(before);
    const gathered = spared === undefined ? this.gathered() : undefined;
    if (gathered === undefined) return undefined;
    const earlier: Gathered = {
      ...gathered,
      values: gathered.values.filter(([key]) => !pending.has(key)),
      flashed: gathered.flashed.filter((entry) => !flashed.includes(entry)),
      persistent: persistent === undefined ? gathered.persistent : undefined,
      label: label === undefined ? gathered.label : undefined,
    };
    return isEmpty(earlier) ? undefined : earlier;
  }

  /** What is stored. Objects of it are copied before they are handed out. */
  get stored(): Stored {
    return this.#stored;
  }

  /** Which changes concern the key by now. */
  concerning(key: string): Concerning {
    return { pending: this.#pending?.get(key), spared: this.#spared };
  }

  /**
   * Only what changed under one key: an `update` of it builds on that.
   *
   * @param asked - As the update was asked for, which may have waited since: what of it has been stored
   * meanwhile, or dropped, counts no more.
   */
  gatheredAt(key: string, asked: Concerning = this.concerning(key)): GatheredBefore {
    const inPlace = this.#inPlace().find(([changed]) => changed === key);
    const pending = this.#pending?.get(key);
    const isOld = pending !== undefined && pending === asked.pending;
    const set = isOld ? this.#pendingChange(key) : undefined;
    const change = inPlace === undefined ? set : { text: inPlace[1], dueAt: inPlace[2] };
    const isCleared = asked.spared !== undefined && this.#isCleared(key);
    return { ...asked, change, isCleared };
  }

  /** The key now stands in the store: what was gathered under it before is done. */
  settle(key: string, { pending, spared }: Concerning): void {
    if (this.#pending?.get(key) === pending) this.#pending?.delete(key);
    this.#handedOut?.delete(key);
    if (this.#spared === spared) this.#spared?.add(key);
  }

  /** What was gathered stands in the store. Changes made since then are still to be committed. */
  committed(gathered: Gathered): void {
    for (const value of gathered.values) this.#committedAt(value);
    if (this.#pending?.size === 0) this.#pending = undefined;
    if (gathered.spared === this.#spared) this.#spared = undefined;
    this.#flashed = this.#flashed?.filter((entry) => !gathered.flashed.includes(entry));
    for (const name of gathered.taken) this.#taken?.delete(name);
    if (this.persistent === gathered.persistent) this.#persistent = undefined;
    if (this.#label === gathered.label) this.#label = undefined;
  }

  /** Drops every change, as the response they belong to failed. */
  drop(): void {
    this.#pending = undefined;
    this.#handedOut = undefined;
    this.#spared = undefined;
    this.#flashed = undefined;
    this.#taken = undefined;
    this.#persistent = undefined;
    this.#label = undefined;
  }

  /** Takes away what was wished before: of being remembered, and of the device's name. */
  takeWishes(before: Pick<Changes, "persistent" | "label">): Wishes {
    const persistent = this.#persistent === before.persistent ? before.persistent : undefined;
    const label = this.#label === before.label ? before.label : undefined;
    if (persistent !== undefined) this.#persistent = undefined;
    if (label !== undefined) this.#label = undefined;
    return { persistent: persistent?.value, label };
  }

  /** Drops what was gathered before or handed out under other keys, and the messages. */
  keepOnly(keys: ReadonlySet<string>, before: Changes): void {
    const later = this.changesSince(before);
    for (const map of [this.#pending, this.#handedOut]) {
      for (const key of map?.keys() ?? []) if (!keys.has(key)) map?.delete(key);
    }
    this.#flashed = undefined;
    this.#taken = undefined;
    this.#add(later);
  }

  /** What is there under a key, but for what has been set since, and when that is due. */
  valueBy(before: Changes, key: string): readonly [value: unknown, dueAt: EpochMs | undefined] {
    const pending = this.#pending?.get(key);
    const isLater = pending !== undefined && pending !== before.pending.get(key);
    if (!isLater) return [this.get(key), this.dueAt(key)];
    const isGone = this.#isGone(key);
    return [this.#current(key, isGone), this.#storedDueAt(key, isGone)];
  }

  /** What has been set, deleted and left so far. */
  changes(): Changes {
    const flashed = this.#flashed === undefined ? NO_ENTRIES : [...this.#flashed];
    const [persistent, label] = [this.#persistent, this.#label];
    return { pending: new Map(this.#pending), flashed, spared: this.#spared, persistent, label };
  }

  /** What has been set, deleted and left since. */
  changesSince(before: Changes): Changes {
    const { pending, flashed, spared, persistent, label } = this.changes();
    return {
      pending: new Map([...pending].filter(([key, change]) => before.pending.get(key) !== change)),
      flashed: flashed.filter((entry) => !before.flashed.includes(entry)),
      spared: spared === before.spared ? undefined : spared,
      persistent: persistent === before.persistent ? undefined : persistent,
      label: label === before.label ? undefined : label,
    };
  }

  /** Changes it in the same way as another one. */
  repeat(changes: Changes): void {
    if (changes.spared !== undefined) {
      this.clear();
      this.#spared = changes.spared;
    }
    this.#add(changes);
  }

  /** Builds on newer content. Objects handed out stay, so that holding one stays safe. */
  rebase(stored: Stored): void {
    this.#stored = stored;
  }

  /**
   * Lets go of objects that were handed out, have not been changed, and are stored otherwise by now:
   * `get` gives the new value. Who still holds the old one may change it, and nobody notices.
   */
  readAgain(): void {
    for (const [key, { text }] of this.#handedOut ?? []) {
      const stored = this.#codec.looseText(this.#current(key, this.#isGone(key)));
      const isOld = !this.#isChangedInPlace(key) && text !== stored;
      if (isOld && this.#pending?.has(key) !== true) this.#handedOut?.delete(key);
    }
  }

  get #codec(): Codec {
    return this.#shape.codec;
  }

  /** True where nothing can have changed: the request has neither changed nor seen an object. */
  #isUntouched(): boolean {
    return (
      this.#pending === undefined &&
      this.#handedOut === undefined &&
      this.#spared === undefined &&
      this.#flashed === undefined &&
      this.#taken === undefined &&
      this.#persistent === undefined &&
      this.#label === undefined
    );
  }

  #isWaiting([name]: FlashEntry): boolean {
    return this.#taken?.has(name) !== true && this.#left?.has(name) !== true;
  }

  #show([name, , message]: FlashEntry, keep: boolean): unknown {
    if (!keep) {
      this.#taken ??= new Set();
      this.#taken.add(name);
    }
    return this.#codec.revive(message);
  }

  #add({ pending, flashed, persistent, label }: Changes): void {
    for (const [key, change] of pending) this.#put(key, change);
    for (const entry of flashed) this.flash(entry);
    this.#persistent = persistent ?? this.#persistent;
    this.#label = label ?? this.#label;
  }

  #put(key: string, pending: Pending): void {
    this.#handedOut?.delete(key);
    this.#pending ??= new Map();
    this.#pending.set(key, pending);
  }

  /** What was set under a key, or that it was deleted: also by its own time. */
  #pendingAt(key: string): Pending | undefined {
    const pending = this.#pending?.get(key);
    return this.#isPast(pending?.dueAt) ? DELETED : pending;
  }

  #handedOutAt(key: string): HandedOut | undefined {
    const handedOut = this.#handedOut?.get(key);
    return this.#isPast(handedOut?.dueAt) ? undefined : handedOut;
  }

  #isPast(dueAt: EpochMs | undefined): boolean {
    return dueAt !== undefined && this.#now() >= dueAt;
  }

  /** Gives a copy away: the stored one is what later changes are compared with. */
  #handOut(key: string, value: object, dueAt: EpochMs | undefined): object {
    const copy = this.#codec.copyOf(value);
    this.#remember(key, { value: copy, text: this.#codec.looseText(value), dueAt });
    return copy;
  }

  #remember(key: string, handedOut: HandedOut): void {
    this.#handedOut ??= new Map();
    this.#handedOut.set(key, handedOut);
  }

  #committedAt([key, text, dueAt]: WrittenValue): void {
    const handedOut = this.#handedOut?.get(key);
    const pending = this.#pendingAt(key);
    // Where a deleted key's default was changed in place, that object was stored.
    const isInPlace = handedOut !== undefined && text !== undefined;
    if (isInPlace) this.#remember(key, { ...handedOut, text });
    if (pending === undefined) return;
    const isSame = this.#isOfText(pending, text) && pending.dueAt === dueAt;
    if (!isInPlace && !isSame) return;
    this.#pending?.delete(key);
    // The application may hold the object that it set, and change it once more, or has done so already.
    const { value } = pending;
    if (isObject(value)) this.#remember(key, { value, text, dueAt });
  }

  /** Whether that is the text of what was set, as it was then or as it is by now. */
  #isOfText({ value, text: textAsSet }: Pending, text: string | undefined): boolean {
    return textAsSet === text || (isObject(value) && this.#codec.looseText(value) === text);
  }

  #isChangedInPlace(key: string): boolean {
    const handedOut = this.#handedOutAt(key);
    return handedOut !== undefined && this.#codec.looseText(handedOut.value) !== handedOut.text;
  }

  /** Changes made in place in objects handed out. */
  #inPlace(): WrittenValue[] {
    const changed: WrittenValue[] = [];
    if (this.#handedOut === undefined) return changed;
    for (const [key, { value, dueAt }] of this.#handedOut) {
      if (!this.#isChangedInPlace(key)) continue;
      changed.push(asWritten(key, { text: this.#codec.encode(value, key), dueAt }));
    }
    return changed;
  }

  /** What a pending value stores; `undefined` when it changes nothing. */
  #pendingChange(key: string): Change | undefined {
    const { value, text: textAsSet, dueAt } = this.#pendingAt(key) ?? DELETED;
    if (value === undefined) return this.#isStored(key) ? { text: undefined } : undefined;
    const isGone = this.#isGone(key);
    const current = this.#current(key, isGone);
    const isTimed = dueAt === this.#storedDueAt(key, isGone);
    const codec = this.#codec;
    if (!isObject(value)) {
      return value === current && isTimed ? undefined : { text: textAsSet, dueAt };
    }
    const text = codec.encode(value, key);
    return text === codec.looseText(current) && isTimed ? undefined : { text, dueAt };
  }

  #isStored(key: string): boolean {
    return !this.#isGone(key) && own(this.#stored.document, key) !== undefined;
  }

  /** Whether what is stored under a key does not count any more. */
  #isGone(key: string): boolean {
    return this.#isCleared(key) || this.#isPast(this.#stored.dueTimes?.get(key));
  }

  /** When what is stored under a key is due. */
  #storedDueAt(key: string, isGone: boolean = this.#isGone(key)): EpochMs | undefined {
    const dueAt = this.#stored.dueTimes?.get(key);
    const isStored = dueAt !== undefined && own(this.#stored.document, key) !== undefined;
    return isStored && !isGone ? dueAt : undefined;
  }

  #isCleared(key: string): boolean {
    return this.#spared !== undefined && !this.#spared.has(key);
  }

  /** Whether `clear` takes anything away. */
  #isClearing(): boolean {
    return (
      this.#spared !== undefined &&
      Object.keys(this.#stored.document).some((key) => this.#isCleared(key))
    );
  }

  /** The value without this request's own changes. */
  #current(key: string, isGone: boolean): unknown {
    return this.#orDefault(key, isGone ? undefined : own(this.#stored.view, key));
  }

  /** `null` is a value: a default stands for nothing but what is absent. */
  #orDefault(key: string, value: unknown): unknown {
    return value === undefined ? this.#shape.defaultOf(key) : value;
  }
}

function asWritten(key: string, { text, dueAt }: Change): WrittenValue {
  return dueAt === undefined ? [key, text] : [key, text, dueAt];
}
