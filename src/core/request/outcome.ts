import type { Farewell } from "../passage.ts";

/**
 * Where the session stands: `new` has no record yet, `locked` waits for its user, `detached` was ended by
 * another request, `destroyed` by this one.
 */
export type Condition = "new" | "live" | "locked" | "detached" | "destroyed";

/** What is still to be kept of a request: `seen` that there was one, `notes` of the library's own. */
export type Change = "none" | "seen" | "notes" | "data";

/** What a request comes to, in one word. */
export type Outcome =
  | "nothing"
  | "begun"
  | "unreachable"
  | "read"
  | "seen"
  | "noted"
  | "written"
  | "overtaken"
  | "late"
  | "destroyed";

/** What follows from an outcome. */
interface Consequence {
  /** What the store is asked to do. `refuse` answers with 409. */
  readonly store: "nothing" | "create" | "touch" | "note" | "update" | "refuse";
  /** What the browser is to hold afterwards: the session's cookie, none, or what it holds now. */
  readonly browser: "session" | "none" | "unchanged";
}

/** What follows from what. Caches are told `no-store` where a cookie goes out. */
export const CONSEQUENCES: Readonly<Record<Outcome, Consequence>> = {
  nothing: { store: "nothing", browser: "none" },
  begun: { store: "create", browser: "session" },
  unreachable: { store: "nothing", browser: "none" },
  read: { store: "nothing", browser: "session" },
  seen: { store: "touch", browser: "session" },
  noted: { store: "note", browser: "session" },
  written: { store: "update", browser: "session" },
  overtaken: { store: "nothing", browser: "unchanged" },
  late: { store: "refuse", browser: "unchanged" },
  destroyed: { store: "nothing", browser: "none" },
};

/**
 * What a request comes to.
 *
 * @param isReachable - Whether a cookie can reach the visitor: a new session that none leads to would
 * be nobody's.
 */
export function outcomeOf(condition: Condition, change: Change, isReachable: boolean): Outcome {
  switch (condition) {
    case "new":
      if (change !== "data") return "nothing";
      return isReachable ? "begun" : "unreachable";
    case "live":
      return LIVE[change];
    case "locked":
    case "detached":
      return change === "data" ? "late" : "overtaken";
    case "destroyed":
      return change === "data" ? "late" : "destroyed";
    default:
      return condition satisfies never;
  }
}

const LIVE: Readonly<Record<Change, Outcome>> = {
  none: "read",
  seen: "seen",
  notes: "noted",
  data: "written",
};

/** What the browser holds of the session. */
export interface Holding {
  /** Whether the browser has a cookie that is, or was, this session's, or that leads nowhere. */
  readonly isHeld: boolean;
  /** Whether that is the newest, and is kept for as long as it should be. */
  readonly isCurrent: boolean;
}

/** What is sent, that the browser holds what it should. */
export function cookieFor(
  { browser }: Pick<Consequence, "browser">,
  holding: Holding,
): Farewell["cookie"] {
  if (browser === "session") return holding.isCurrent ? "keep" : "send";
  return browser === "none" && holding.isHeld ? "expire" : "keep";
}
