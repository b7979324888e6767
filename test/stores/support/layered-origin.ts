import type { SessionRecord } from "../../../src/core/record.ts";
import type { EndListener, SessionStore, SilentStore } from "../../../src/core/store.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";

type Complete = Required<SessionStore>;
type Answered = "load" | "create" | "update" | "end" | "touch" | "subscribe";

/** Between a layered store and one of its layers: counts, holds back answers, and loses them. */
export class Origin {
  readonly inside: Complete;
  readonly asked: Answered[] = [];
  /** Whoever has subscribed and not stopped. */
  readonly listeners = new Set<EndListener>();
  /** How often somebody tried to subscribe, and how often that is refused. */
  subscriptions = 0;
  refusals = 0;
  readonly #gates = new Map<Answered, Promise<void>[]>();
  readonly #losses = new Map<Answered, unknown[]>();

  constructor(inside: Complete = memoryStore()) {
    this.inside = inside;
  }

  get loads(): number {
    return this.asked.filter((operation) => operation === "load").length;
  }

  /** The next call of this kind takes effect, and its answer waits until the function is called. */
  hold(operation: Answered): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(operation, [...(this.#gates.get(operation) ?? []), promise]);
    return resolve;
  }

  /** The next call of this kind takes effect, and rejects with the error. */
  lose(operation: Answered, error: unknown): void {
    this.#losses.set(operation, [error]);
  }

  /** The store to put layers on; many may share one origin. */
  handle(): SilentStore & Pick<Complete, "announcements"> {
    const { inside } = this;
    return {
      profile: inside.profile,
      directory: inside.directory,
      expiry: inside.expiry,
      load: (...call) => this.#answer("load", inside.load(...call)),
      create: (...call) => this.#answer("create", inside.create(...call)),
      update: (...call) => this.#answer("update", inside.update(...call)),
      end: (...call) => this.#answer("end", inside.end(...call)),
      touch: (...call) => this.#answer("touch", inside.touch(...call)),
      announcements: {
        subscribe: (listener) => this.#answer("subscribe", this.#subscribe(listener)),
      },
      close: async () => undefined,
    };
  }

  /** The same without announcements. */
  silent(): SilentStore {
    const { announcements: _, ...silent } = this.handle();
    return silent;
  }

  async #subscribe(listener: EndListener): Promise<() => Promise<void>> {
    this.subscriptions += 1;
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error("no connection for listening");
    }
    this.listeners.add(listener);
    return async () => void this.listeners.delete(listener);
  }

  async #answer<T>(operation: Answered, work: Promise<T>): Promise<T> {
    this.asked.push(operation);
    const [gate, ...gates] = this.#gates.get(operation) ?? [];
    const [loss, ...losses] = this.#losses.get(operation) ?? [];
    this.#gates.set(operation, gates);
    this.#losses.set(operation, losses);
    const answer = await work;
    await gate;
    if (loss !== undefined) throw loss;
    return answer;
  }
}

/** A store all of whose calls do the same. */
export function storeWhose(answer: () => Promise<never>): SessionStore {
  return { ...memoryBare(), load: answer, create: answer, update: answer, end: answer };
}

/** What the contract asks of every store, and no more. */
export function memoryBare(inside: SessionStore = memoryStore()): SessionStore {
  return {
    profile: inside.profile,
    load: (...call) => inside.load(...call),
    create: (...call) => inside.create(...call),
    update: (...call) => inside.update(...call),
    end: (...call) => inside.end(...call),
  };
}

/** What stands under an id inside, whatever the layers say. */
export async function liveIn(store: SessionStore, { id }: SessionRecord): Promise<SessionRecord> {
  const stored = await store.load(id, { now: 0, signal: new AbortController().signal });
  if (stored?.kind === "live") return stored;
  throw new Error("there is no live record");
}
