import type { Environment } from "../core/environment.ts";
import type { ManagerParts } from "../core/manager.ts";
import type { EngineSettings } from "../core/options.ts";
import type { Carrier } from "../core/passage.ts";
import type { Keys } from "../sealing/key-ring.ts";
import type { CarrierOptions } from "./cookie-rules.ts";

/** Keeps sessions, or copies of them, in the visitors' cookies: a `store` of `createSessions`. */
export interface CookieStore {
  /** Called by `createSessions`. */
  mount(parts: MountParts): Mounted;
}

/** What such a store takes from `createSessions`. */
export interface MountParts {
  readonly carrier: CarrierOptions;
  readonly keys: Keys;
  /** Which application the cookies are for, where several share the keys. */
  readonly audience: string | undefined;
  readonly settings: EngineSettings;
  readonly environment: Environment;
}

/**
 * Shares the sessions of another framework, in its store and its cookie: a `store` of
 * `createSessions`. They live by that framework's clocks.
 */
export interface SharedStore {
  /** Called by `createSessions`. */
  share(parts: SharedParts): Mounted;
}

/** What such a store takes from `createSessions`. */
export type SharedParts = Omit<MountParts, "keys" | "audience"> & {
  /** The manager's name, where the application has given one. */
  readonly givenName?: string | undefined;
};

/**
 * The sessions that another framework has left, which go on here as ours: one of the list `adopt` of
 * `createSessions`.
 */
export interface Adoptable {
  /** Called by `createSessions`: carries what `carrier` does, and takes over what it does not know. */
  beside(carrier: Carrier, parts: SharedParts): Carrier;
}

/** How the tokens of sessions travel: the `transport` of `createSessions`. */
export interface TokenTransport {
  /** Called by `createSessions`: takes the place of `cookies`, or goes before it. */
  carry(cookies: Carrier, parts: TransportParts): Carrier;
}

/** What a transport takes from `createSessions`. */
export type TransportParts = Omit<SharedParts, "givenName"> & {
  /** Whether the sessions of an earlier framework go on here. */
  readonly hasAdopted: boolean;
};

/** What a session manager is made of then. */
export type Mounted = Pick<ManagerParts, "store" | "carrier" | "administration"> & {
  /** Where they differ from what the options say. */
  readonly settings?: EngineSettings | undefined;
};
