import {
  createSessions,
  memoryStore,
  type SessionEvents,
  type SessionOptions,
  type SessionStore,
  type Sessions,
  type StoredSession,
  type Untyped,
} from "../../../src/index.ts";
import { Browser } from "./browser.ts";
import { SetClock } from "./clock.ts";
import { Switch, wrapped } from "./wrapped-store.ts";

type EventName = keyof SessionEvents;
export type Happening = { readonly name: EventName } & Record<string, unknown>;

const EVENT_NAMES: readonly EventName[] = [
  "created",
  "signedIn",
  "signedOut",
  "regenerated",
  "expired",
  "revoked",
  "destroyed",
  "elevated",
  "unlocked",
  "impersonated",
  "impersonationEnded",
  "handedOff",
  "redeemed",
  "handOffRejected",
  "rejected",
  "refused",
  "conflict",
  "lateWrite",
  "tokenReused",
  "drifted",
  "everyoneRevoked",
  "limited",
  "throttled",
  "proofMissing",
  "storeError",
];

/** Everything that the manager tells. */
export function listen(sessions: Sessions<Untyped>): Happening[] {
  const heard: Happening[] = [];
  for (const name of EVENT_NAMES) {
    sessions.on(name, (event) => void heard.push({ ...event, name }));
  }
  return heard;
}

/** One application: a memory store behind a switch, a clock that stands, and every event. */
export class World {
  readonly clock = new SetClock();
  readonly memory: Required<SessionStore> = memoryStore();
  readonly switch = new Switch();
  readonly sessions: Sessions<Untyped>;
  readonly heard: Happening[];

  constructor(options: Partial<SessionOptions> & Record<string, unknown> = {}) {
    this.sessions = createSessions<Untyped>({
      store: wrapped(this.memory, this.switch.intercept),
      clock: this.clock,
      // Outages are what most of the laws are about.
      onError: () => undefined,
      ...options,
    }) as Sessions<Untyped>;
    this.heard = listen(this.sessions);
  }

  browser(): Browser {
    return new Browser(this.sessions);
  }

  /** Another process over the same data. */
  process(options: Partial<SessionOptions> & Record<string, unknown> = {}): Sessions<Untyped> {
    return createSessions<Untyped>({
      store: wrapped(this.memory, this.switch.intercept),
      clock: this.clock,
      // Outages are what most of the laws are about.
      onError: () => undefined,
      ...options,
    }) as Sessions<Untyped>;
  }

  /** A browser whose session is stored. */
  async returning(data: Untyped = { seen: 1 }): Promise<Browser> {
    const browser = this.browser();
    await browser.visit((session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
    });
    return browser;
  }

  /** A browser that has signed in. */
  async signedIn(userId = "ada", data: Untyped = {}): Promise<Browser> {
    const browser = this.browser();
    await browser.visit(async (session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      await session.signIn(userId);
    });
    return browser;
  }

  /** What stands under an id, as the store has it now. */
  stored(id: string): Promise<StoredSession | undefined> {
    const call = { now: this.clock.now(), signal: new AbortController().signal };
    return this.memory.load(id as never, call);
  }

  /** How many live records there are. */
  live(): Promise<number> {
    const call = { now: this.clock.now(), signal: new AbortController().signal };
    return this.memory.directory.count("session", call);
  }

  async idOf(browser: Browser): Promise<string> {
    const { json } = await browser.copy().visit((session) => session.id);
    return String(json);
  }

  told(...names: EventName[]): Happening[] {
    return this.heard.filter(({ name }) => names.includes(name));
  }
}

/** A promise that the test opens when it likes. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

/** Waits until nothing more happens without somebody opening a gate. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await new Promise(setImmediate);
}

export async function times<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)));
}
