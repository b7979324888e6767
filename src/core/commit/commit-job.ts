import type { Deadline, Terms } from "../deadline.ts";
import type { StoreOutcome } from "../errors.ts";
import type { SessionRecord } from "../record.ts";
import { type Edit, NO_EDIT } from "./edit.ts";

/** An edit on its way, and what becomes of it. */
export class Job implements Terms {
  readonly operation = "update";
  /** Let go of once it is settled: who still has the job shall not hold what the request was. */
  edit: Edit;
  readonly deadline: Deadline;
  /** On its way to the store: from here on a failure is of unknown outcome. */
  isSent = false;
  isSettled = false;
  /** Called when it is settled, where somebody waits in line for it. */
  onSettled: (() => void) | undefined;
  #record: SessionRecord | undefined;
  #error: unknown;

  constructor(edit: Edit, deadline: Deadline) {
    this.edit = edit;
    this.deadline = deadline;
  }

  get outcome(): StoreOutcome {
    return this.isSent ? "unknown" : "failed";
  }

  asError(error: unknown): unknown {
    this.isSettled = true;
    return error;
  }

  settle(record: SessionRecord | undefined, error?: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.edit = NO_EDIT;
    this.#record = record;
    this.#error = error;
    this.onSettled?.();
  }

  /** The record as stored with the edit. @throws why there is none. */
  result(): SessionRecord {
    if (this.#record === undefined) throw this.#error;
    return this.#record;
  }
}
