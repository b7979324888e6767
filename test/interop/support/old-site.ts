import {
  createSessions,
  memoryStore,
  type Session,
  type SessionStore,
  type Untyped,
} from "../../../src/index.ts";
import { adoptable } from "../../../src/interop/adoption/adoptable.ts";
import type {
  Adopted,
  AdoptionMap,
  OldSession,
} from "../../../src/interop/adoption/old-session.ts";
import type { ForeignSessions } from "../../../src/interop/foreign/foreign-sessions.ts";
import { Browser } from "../../laws/support/browser.ts";
import { COOKIE_FORMAT, ToyRows, toySessions } from "./toy.ts";

export const KEY = "00000000-0000-4000-8000-000000000001";
export const START = 1_700_000_000_000;
export const DAY_MS = 86_400_000;
/** As our cookie is called over HTTPS. */
export const OURS = "__Host-Http-sid";

/** The usual map: the cart, and whose it is. */
export const usual: AdoptionMap<Untyped> = ({ values, userId }: OldSession): Adopted<Untyped> => ({
  data: { cart: values["cart"] },
  userId,
});

/** An application with a past: its old sessions, its clock, what its managers tell. */
export class OldSite {
  readonly rows = new ToyRows();
  store: SessionStore = memoryStore();
  readonly errors: Error[] = [];
  readonly told: string[] = [];
  now = START;

  /** A process of the new application. */
  open(map: AdoptionMap<Untyped> = usual, given: Given = {}): ReturnType<typeof managerOf> {
    return managerOf(this, map, given);
  }

  /** Keeps an old session, and gives a browser that has its cookie. */
  visitor(document: object, given: Given = {}, key = KEY): Browser {
    const bytes = Buffer.from(`${this.now}:${JSON.stringify(document)}`);
    this.rows.rows.set(key, { bytes, endsAt: this.now + DAY_MS });
    return new Browser(this.open(usual, given), [["toy", key]]);
  }

  /** A browser whose old session is whole in its cookie. */
  carrier(document: object, given: Given = {}): Browser {
    const text = Buffer.from(`${this.now}:${JSON.stringify(document)}`).toString("base64url");
    return new Browser(this.open(usual, { ...WHOLE, ...given }), [["toy", text]]);
  }

  listed(userId: string): Promise<number> {
    return this.open()
      .list({ userId })
      .then(({ length }) => length);
  }
}

export interface Given {
  readonly sessions?: Partial<ForeignSessions>;
  readonly options?: object;
  readonly secret?: string;
}

export const WHOLE: Given = { sessions: { kept: undefined, format: COOKIE_FORMAT } };

function managerOf(site: OldSite, map: AdoptionMap<Untyped>, given: Given) {
  const { secret = "the old secret", sessions, options } = given;
  const manager = createSessions<Untyped>({
    name: "sid",
    store: sameStore(site.store),
    adopt: [adoptable(toySessions(site.rows, sessions), { map, secret })],
    clock: { now: () => site.now },
    onError: (error) => site.errors.push(error),
    ...options,
  });
  manager.on("created", ({ userId }) => site.told.push(`created ${userId ?? "nobody"}`));
  manager.on("signedIn", ({ userId }) => site.told.push(`signedIn ${userId}`));
  manager.on("rejected", ({ reason }) => site.told.push(`rejected ${reason}`));
  return manager;
}

/** As another process sees it. */
function sameStore(store: SessionStore): SessionStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});
