import type { SessionEvents, Sessions } from "sojourn";
import type { Shop } from "./sessions.ts";

/** One line of a session's log: what the library told of it, or a request that was answered. */
export interface Entry {
  /** Epoch ms; of the last, where it happened several times. */
  readonly at: number;
  /** An event's name, or a request such as `POST /cart`. */
  readonly what: string;
  /** The status of a request's answer. */
  readonly status?: number;
  /** How often it happened in one burst. @defaultValue 1 */
  readonly times?: number;
}

/** A request that was answered, and what may be shown of it. */
export interface Answered extends Entry {
  /** The code that answered. */
  readonly code: string;
  /** The last `Set-Cookie` line, its secret hidden. */
  readonly cookie?: string | undefined;
}

/** What is known of one session: its newest entries first. It holds no token and no data. */
export interface Trail {
  readonly entries: readonly Entry[];
  readonly last?: Answered;
  readonly cookie?: string;
}

/** A page that is being looked at. */
export interface Watcher {
  tell(entry: Entry): void;
  /** The session has ended, or has a new token: whoever watches must show it. */
  end(): void;
}

interface KeptTrail {
  userId: string | undefined;
  entries: Entry[];
  last?: Answered;
  cookie?: string;
  readonly watchers: Set<Watcher>;
}

const MAX_SESSIONS = 500;
const MAX_ENTRIES = 40;
const MAX_WATCHERS = 4;
const BURST_MS = 2_000;

type OfSession = SessionEvents["created"];

/** Remembers, for the panel, what happened to each session lately: in memory, and so much only. */
export class SessionLog {
  /** By session id, those longest without news first. */
  readonly #trails = new Map<string, KeptTrail>();

  constructor(sessions: Sessions<Shop>) {
    for (const name of ["created", "conflict"] as const) {
      sessions.on(name, (event) => this.#add(this.#trailOf(event.id), named(name, event)));
    }
    for (const name of ["signedIn", "regenerated"] as const) {
      sessions.on(name, (event) => this.#moved(event, named(name, event)));
    }
    for (const name of ["signedOut", "expired", "revoked", "destroyed"] as const) {
      sessions.on(name, (event) => this.#ended(event, named(name, event)));
    }
    sessions.on("lateWrite", (event) => {
      const trail = this.#trails.get(event.id);
      if (trail !== undefined) this.#add(trail, named("lateWrite", event));
    });
  }

  /** What is known of a session. The id must come from the session of the one who asks. */
  of(id: string): Trail {
    return this.#trails.get(id) ?? { entries: [] };
  }

  /** Notes a request of a live session, once it is answered. */
  answered(id: string, answered: Answered): void {
    const trail = this.#trailOf(id);
    trail.last = answered;
    if (answered.cookie !== undefined) trail.cookie = answered.cookie;
    const { at, what, status } = answered;
    this.#add(trail, status === undefined ? { at, what } : { at, what, status });
  }

  /** Tells a watcher what happens from now on. @returns How to stop, or `undefined` at too many. */
  watch(id: string, watcher: Watcher): (() => void) | undefined {
    const { watchers } = this.#trailOf(id);
    if (watchers.size >= MAX_WATCHERS) return undefined;
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }

  /** Ends every watch. */
  close(): void {
    for (const trail of this.#trails.values()) endWatches(trail);
  }

  #trailOf(id: string, known = this.#trails.get(id)): KeptTrail {
    const trail = known ?? { userId: undefined, entries: [], watchers: new Set() };
    this.#trails.delete(id);
    this.#trails.set(id, trail);
    const [oldest] = this.#trails;
    if (oldest !== undefined && this.#trails.size > MAX_SESSIONS) this.#forget(...oldest);
    return trail;
  }

  #forget(id: string, trail: KeptTrail): void {
    this.#trails.delete(id);
    endWatches(trail);
  }

  #add(trail: KeptTrail, entry: Entry): void {
    trail.entries = withEntry(trail.entries, entry).slice(0, MAX_ENTRIES);
    for (const watcher of trail.watchers) watcher.tell(entry);
  }

  /** The log goes along to the new token, but never from one user to another. */
  #moved({ id, userId, previousId }: Moved, entry: Entry): void {
    const previous = previousId === undefined ? undefined : this.#trails.get(previousId);
    const isSameVisitor = previous?.userId === undefined || previous.userId === userId;
    const trail = this.#trailOf(id, isSameVisitor ? previous : undefined);
    trail.userId = userId;
    this.#add(trail, entry);
    if (previous !== undefined && previousId !== undefined) this.#forget(previousId, previous);
  }

  #ended({ id }: OfSession, entry: Entry): void {
    const trail = this.#trails.get(id);
    if (trail === undefined) return;
    this.#add(trail, entry);
    this.#forget(id, trail);
  }
}

/** In a burst two things may alternate, a request and its conflict: they stay two lines. */
function withEntry(entries: readonly Entry[], entry: Entry): Entry[] {
  const same = entries
    .slice(0, 2)
    .find((other) => isSame(other, entry) && entry.at - other.at < BURST_MS);
  if (same === undefined) return [entry, ...entries];
  const counted = { ...entry, times: (same.times ?? 1) + 1 };
  return [counted, ...entries.filter((other) => other !== same)];
}

function isSame(a: Entry, b: Entry): boolean {
  return a.what === b.what && a.status === b.status;
}

type Moved = OfSession & { readonly previousId: string | undefined };

function named(what: string, { at }: { readonly at: number }): Entry {
  return { at, what };
}

/** Whoever watches has shown a token that is dead now, and must show the new one. */
function endWatches({ watchers }: KeptTrail): void {
  for (const watcher of watchers) watcher.end();
  watchers.clear();
}
