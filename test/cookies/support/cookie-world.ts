import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type CookieStoreOptions, cookieStore } from "../../../src/cookies/cookie.ts";
import {
  createSessions,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { SetClock } from "../../laws/support/clock.ts";
import { type Gate, gate, type Happening, listen } from "../../laws/support/world.ts";
import { type Operation, Switch, wrapped } from "../../laws/support/wrapped-store.ts";

export const COOKIE = "__Host-Http-session";
export const SEEN = "__Host-Http-session-seen";
export const NONE = "none: a copied cookie works until it expires, signed out or not";

export function newKey(): string {
  return randomBytes(32).toString("base64url");
}

const folder = mkdtempSync(join(tmpdir(), "sojourn-cookies-"));
const opened: SessionStore[] = [];
let files = 0;

afterAll(async () => {
  for (const store of opened) await store.close?.();
  rmSync(folder, { recursive: true, force: true });
});

/** A store that keeps what it is given. */
export function durableStore(): ReturnType<typeof sqliteStore> {
  files += 1;
  const store = sqliteStore(join(folder, `ended-${files}.db`));
  opened.push(store);
  return store;
}

/** Another store object over the same data, as another process has. */
export function bound<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

interface WorldOptions extends Record<string, unknown> {
  readonly cookies?: Partial<CookieStoreOptions>;
  readonly keys?: readonly string[] | (() => readonly string[]);
}

/** An application whose sessions lie in cookies, and the store that remembers their ends. */
export class CookieWorld {
  readonly clock = new SetClock();
  readonly ended = durableStore();
  readonly switch = new Switch();
  readonly keys: readonly string[] | (() => readonly string[]);
  readonly sessions: Sessions<Untyped>;
  readonly heard: Happening[];
  readonly #options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.keys = options.keys ?? [newKey()];
    this.sessions = this.process();
    this.heard = listen(this.sessions);
  }

  /** One more process of the same application, perhaps with other options. */
  process(other: WorldOptions = {}): Sessions<Untyped> {
    const { cookies, ...options } = { ...this.#options, ...other };
    // Each process has a store object of its own.
    const revocations = wrapped(this.ended, this.switch.intercept);
    return createSessions<Untyped>({
      store: cookieStore({ revocations, ...this.#options.cookies, ...cookies }),
      clock: this.clock,
      ...options,
      keys: other.keys ?? this.keys,
    }) as Sessions<Untyped>;
  }

  browser(): Browser {
    return new Browser(this.sessions);
  }

  async signedIn(userId = "ada", data: Record<string, unknown> = {}): Promise<Browser> {
    const browser = this.browser();
    await browser.visit(async (session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      await session.signIn(userId);
    });
    return browser;
  }

  /** Holds back the store's next answer to a question that it has understood already. */
  hold(slow: Operation): { readonly asked: Gate; readonly answered: Gate } {
    const [asked, answered] = [gate(), gate()];
    let isHeld = false;
    this.switch.behave = async (operation, send) => {
      const answer = await send();
      if (operation !== slow || isHeld) return answer;
      isHeld = true;
      asked.open();
      await answered.passed;
      return answer;
    };
    return { asked, answered };
  }

  /** Why cookies were not believed, in order. */
  get reasons(): unknown[] {
    return this.heard.filter(({ name }) => name === "rejected").map((event) => event["reason"]);
  }
}
