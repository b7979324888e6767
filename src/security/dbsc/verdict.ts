import { isPrefetch, type RequestHead } from "../../core/exchange.ts";
import { type Binding, GRACE_AFTER_REGISTRATION_MS } from "./binding.ts";
import type { BindingNote } from "./note.ts";

/** What a guard makes of a request by what it has brought. */
export type Judgement =
  /** With its proof. */
  | "proved"
  /** With its proof for the first time: from here on nothing comes without. */
  | "confirmed"
  /** Nothing binds it yet. */
  | "unbound"
  /** Nothing will bind it any more: the offer is over. */
  | "forgotten"
  /** As `forgotten`, but that its page's script has a key. */
  | "script"
  /** The browser is to ask again: it proves its key on the way. */
  | "again"
  /** The browser could not prove its key, and says so. */
  | "later"
  /** Not without its proof, and nobody is to ask again by themselves. */
  | "blocked"
  /** Not a session of whoever sent it. */
  | "lost"
  /** As `lost`, from where the browser that bound it cannot be at work. */
  | "copied"
  /** What it was bound by is gone. */
  | "gone";

/** What a request has brought of its proof. */
export interface Presented {
  /** The bound cookie: of a value that counts, of another one, or none. */
  readonly cookie: "valid" | "stale" | "absent";
  /** Whether this browser was asked a moment ago to come again. */
  readonly wasAsked: boolean;
  readonly request: RequestHead;
}

/** Judges a request for a session that a binding was offered for. A table, and nothing else. */
export function judgeProof(
  note: BindingNote,
  binding: Binding | undefined,
  presented: Presented,
  isRequired: boolean,
  now: number,
): Judgement {
  const { cookie } = presented;
  const isBound = note.stage === "bound";
  if (binding?.key === undefined && isBound) return "gone";
  if (binding?.key !== undefined && cookie === "valid") return isBound ? "proved" : "confirmed";
  if (!isBound) return unbound(note, binding, isRequired, now);
  const { since = now } = binding?.key ?? {};
  if (now < since + GRACE_AFTER_REGISTRATION_MS) return "unbound";
  return missing(presented, binding?.key?.sendsMetadata === true);
}

/** Registration and this request may have crossed, so there is some time between the two. */
const CROSSING_MS = 60_000;

function unbound(
  { until }: BindingNote,
  binding: Binding | undefined,
  isRequired: boolean,
  now: number,
): Judgement {
  if (now < until + CROSSING_MS) return "unbound";
  if (isRequired) return "lost";
  // The browser may still hold what it was answered with.
  if (binding?.key !== undefined) return "unbound";
  return binding?.scriptKey === undefined ? "forgotten" : "script";
}

/**
 * There is no bound cookie, which proves no theft: a link from elsewhere brings none, for one. Nor does
 * an old one: to a browser whose clock was set back it is not old.
 */
function missing({ request, wasAsked }: Presented, sendsMetadata: boolean): Judgement {
  if (isPrefetch(request) || request.header("secure-session-skipped") !== undefined) return "later";
  // Of where a WebSocket comes from Chromium tells nothing, whoever has it.
  if (request.header("sec-websocket-version") !== undefined) return "blocked";
  const site = request.header("sec-fetch-site");
  if (site === undefined && sendsMetadata) return "copied";
  if (!isPage(request)) return "blocked";
  // Nobody else but this browser asks again from the same origin. It was asked, and has no proof.
  const isSecond = wasAsked && (site === undefined || site === "same-origin");
  return isSecond ? "lost" : "again";
}

/** Whether a whole page is asked for, which a browser can be told to ask for again. */
function isPage(request: RequestHead): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const mode = request.header("sec-fetch-mode");
  if (mode === undefined) return request.header("accept")?.includes("text/html") === true;
  return mode === "navigate";
}
