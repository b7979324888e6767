import type { KeyedValues } from "../codec.ts";
import { dueText } from "../due.ts";
import { DataTooLargeError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { SessionRecord } from "../record.ts";
import type { Shape, View } from "../shape.ts";
import type { Job } from "./commit-job.ts";
import { type Content, documentText, flashText } from "./edit.ts";
import type { Stored } from "./shown.ts";

/** Every other request of the process waits while the edits of one write are put together. */
const MAX_COMPOSING_MS = 10;

/** What edits build on, and what bounds them. */
export interface Ground {
  readonly record: SessionRecord;
  readonly stored: Stored;
  readonly shape: Shape;
  readonly maxDataBytes: number;
}

/** What came of the edits of some jobs: nothing if each has failed. */
export interface Composed {
  readonly written: Written | undefined;
  readonly accepted: readonly Job[];
  /** Those for which there was no time. */
  readonly rest: readonly Job[];
}

/** Content, and the same as a record keeps it. A class: docs/decisions/0060. */
export class Written implements Content {
  readonly flash: Content["flash"];
  readonly persistent: boolean;
  readonly notes: string | undefined;
  readonly data: string;
  readonly flashText: string;
  readonly #content: Content;

  /** @param flash - As much of the content's as there is room for. */
  constructor(content: Content, flash: Content["flash"], data: string, flashText: string) {
    this.#content = content;
    this.flash = flash;
    this.persistent = content.persistent;
    this.notes = content.notes;
    this.data = data;
    this.flashText = flashText;
  }

  get document(): Content["document"] {
    return this.#content.document;
  }
}

const NOBODY: readonly Job[] = [];
/** A key of control characters is escaped: `\u0000`. */
const MAX_BYTES_PER_UNIT = 6;

/**
 * Applies the edits of jobs in turn.
 *
 * Checking and measuring the whole is what costs, so it is done once for as many edits as pass
 * together. One that cannot be had is found by halving, and fails alone.
 */
export function compose(ground: Ground, jobs: readonly Job[]): Composed {
  const [first] = jobs;
  if (jobs.length === 1 && first !== undefined) return composeAlone(ground, jobs, first);
  const composition = new Composition(ground, jobs);
  while (!composition.isDone) composition.step();
  return composition;
}

/** Nearly every write is of one request. */
function composeAlone(ground: Ground, jobs: readonly Job[], job: Job): Composed {
  const view = rememberingView(ground);
  try {
    const content = job.edit.apply(contentOf(ground), view);
    return { written: pass(content, ground, view), accepted: jobs, rest: NOBODY };
  } catch (error) {
    job.settle(undefined, error);
    return { written: undefined, accepted: NOBODY, rest: NOBODY };
  }
}

class Composition implements Composed {
  written: Written | undefined;
  readonly accepted: Job[] = [];
  readonly #ground: Ground;
  readonly #jobs: readonly Job[];
  readonly #view: View;
  readonly #endsAt: number = performance.now() + MAX_COMPOSING_MS;
  /** How many jobs have been accepted, or have failed. */
  #settled = 0;
  /** How many edits are tried together. */
  #size: number;
  /** What the session takes in no case more than, whatever of the edits so far is in it. */
  #mostBytes: number;

  constructor(ground: Ground, jobs: readonly Job[]) {
    const { data, flash } = ground.record;
    this.#mostBytes = Buffer.byteLength(data) + Buffer.byteLength(flash);
    this.#ground = ground;
    this.#jobs = jobs;
    this.#view = rememberingView(ground);
    this.#size = jobs.length;
  }

  /** The first job is served at any rate. */
  get isDone(): boolean {
    return this.#settled === this.#jobs.length || (this.#settled > 0 && this.#isLate);
  }

  get rest(): readonly Job[] {
    return this.#jobs.slice(this.#settled);
  }

  step(): void {
    const group: Job[] = [];
    try {
      this.written = pass(this.#apply(group), this.#ground, this.#view);
      this.accepted.push(...group);
      this.#settled += group.length;
      this.#size = group.length * 2;
    } catch (error) {
      this.#size = Math.ceil(group.length / 2);
      if (group.length > 1) return;
      group[0]?.settle(undefined, error);
      this.#settled += 1;
    }
  }

  #apply(group: Job[]): Content {
    let content: Content = this.written ?? contentOf(this.#ground);
    const written = new Set<string>();
    for (const job of this.#jobs.slice(this.#settled, this.#settled + this.#size)) {
      if (group.length > 0 && this.#isLate) break;
      // Afterwards nobody could see whether what it replaces was right.
      if (job.edit.replaces(written)) this.#check(content);
      group.push(job);
      content = job.edit.apply(content, this.#view);
      for (const key of job.edit.keys) written.add(key);
      this.#mostBytes += job.edit.bytes * MAX_BYTES_PER_UNIT;
    }
    return content;
  }

  /** Measuring costs most, so it is left out where there is room for everything. */
  #check(content: Content): void {
    const { shape, stored, maxDataBytes } = this.#ground;
    if (this.#mostBytes > maxDataBytes) pass(content, this.#ground, this.#view);
    else shape.check(content, stored, this.#view);
  }

  get #isLate(): boolean {
    return performance.now() > this.#endsAt;
  }
}

function contentOf({ stored, record }: Ground): Content {
  const { persistent, notes } = record;
  return { document: stored.document, flash: stored.flash, persistent, notes };
}

/** Views a document once, as what one edit comes to is what the next one builds on. */
function rememberingView({ stored, shape }: Ground): View {
  let last: JsonObject | undefined;
  let shown: KeyedValues | undefined;
  return (document) => {
    if (document === stored.document) return stored.view;
    if (shown === undefined || document !== last) shown = shape.view(document);
    last = document;
    return shown;
  };
}

/** Content that can be stored. @throws {@link CodecError} or {@link DataTooLargeError}. */
function pass(content: Content, { shape, stored, maxDataBytes }: Ground, view: View): Written {
  shape.check(content, stored, view);
  const data = documentText(content);
  // Keys of the application's stand in there too, each with the time at which it is due.
  const timed = dueText(content.notes);
  let { flash } = content;
  for (;;) {
    const text = flashText(flash);
    const bytes = bytesBeyond(maxDataBytes, data, `${text}${timed}`);
    if (bytes === undefined) return new Written(content, flash, data, text);
    // Messages that wait from earlier are dropped, oldest first, before a change is refused.
    const earlier = flash.filter((entry) => stored.flash.includes(entry)).length;
    if (earlier === 0) throw new DataTooLargeError(bytes, maxDataBytes);
    flash = flash.slice(Math.ceil(earlier / 2));
  }
}

/** How many bytes they take, where that is too many. */
function bytesBeyond(maxBytes: number, data: string, flash: string): number | undefined {
  // A UTF-16 unit takes three bytes at the most, so small data need not be measured.
  if ((data.length + flash.length) * 3 <= maxBytes) return undefined;
  const bytes = Buffer.byteLength(data) + Buffer.byteLength(flash);
  return bytes > maxBytes ? bytes : undefined;
}
