import type { JsonValue } from "../json.ts";
import type { HolderId, LeaseEntry } from "../leases.ts";
import { IS_CLOUDFLARE } from "../platform.ts";
import type { SessionRecord } from "../record.ts";

/** Work that is done: the session as it then was, and the result as a {@link LeaseEntry} has it. */
export interface Done {
  readonly record: SessionRecord;
  readonly result: readonly JsonValue[] | undefined;
  /** The {@link LeaseLine.moment} before which the store was not asked for it. */
  readonly askedAt: number;
}

/**
 * Those of this process who want the same work done for the same session. One of them asks the store
 * for all, and they share what was seen of the holders of other processes.
 */
export class LeaseLine {
  /** How many have come and not gone. */
  size = 0;
  #moment = 0;
  #turn: Promise<Done | undefined> | undefined;
  #watched:
    | { readonly holder: HolderId; readonly since: number; readonly leaseMs: number }
    | undefined;

  /** What comes of the one who is at it, if anybody is: `undefined` where they fail. */
  get turn(): Promise<Done | undefined> | undefined {
    return this.#turn;
  }

  /** This moment, later than every one before: what came first here is not a question of clocks. */
  moment(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /** Lets one go, and the others wait. */
  async lead<Own extends Done>(work: () => Promise<Own>): Promise<Own> {
    const working = work();
    this.#turn = working.catch(() => undefined);
    try {
      return await working;
    } finally {
      this.#turn = undefined;
    }
  }

  /** For how long it matters still what was seen: others may come before that lease is over. */
  get keptMs(): number {
    const { since = 0, leaseMs = 0 } = this.#watched ?? {};
    return Math.min(since + leaseMs - performance.now(), MAX_KEPT_MS);
  }

  /**
   * Takes a look at a lease. Tells its holder where that was seen for the whole of it, on this
   * process's own clock: then it is over, however clocks differ.
   */
  overdue({ holder, leaseMs = 0 }: LeaseEntry): HolderId | undefined {
    const now = performance.now();
    if (holder === undefined) this.#watched = undefined;
    else if (this.#watched?.holder !== holder) this.#watched = { holder, since: now, leaseMs };
    const { since = now } = this.#watched ?? {};
    return now - since >= leaseMs ? holder : undefined;
  }
}

/** What one who comes no more has seen is kept for the next one, so long at most. */
const MAX_KEPT_MS = 600_000;

/** The lines of one manager. */
export class LeaseLines {
  readonly #lines = new Map<string, LeaseLine>();

  /** What somebody does in the line of a session and a name. */
  async in<T>(id: string, name: string, visit: (line: LeaseLine) => Promise<T>): Promise<T> {
    // There the work of a request ends with it, so that nobody may wait for another's.
    if (IS_CLOUDFLARE) return visit(new LeaseLine());
    const key = `${id} ${name}`;
    const line = this.#lines.get(key) ?? new LeaseLine();
    this.#lines.set(key, line);
    line.size += 1;
    try {
      return await visit(line);
    } finally {
      line.size -= 1;
      this.#drop(key, line);
    }
  }

  #drop(key: string, line: LeaseLine): void {
    if (line.size > 0 || this.#lines.get(key) !== line) return;
    const { keptMs } = line;
    // Who waits for less than a lease would begin to watch it again and again.
    if (keptMs <= 0) {
      this.#lines.delete(key);
      return;
    }
    const timer = setTimeout(() => this.#drop(key, line), keptMs);
    // The web's timers are numbers.
    timer.unref?.();
  }
}
