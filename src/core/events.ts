import { type CrossSiteError, OptionsError, type StoreError } from "./errors.ts";
import type { RequestHead } from "./exchange.ts";
import type { EndReason, EpochMs } from "./record.ts";
import { pathOf } from "./report.ts";

/** Why a presented cookie was not believed. */
export type Rejection =
  /** Not of a token's form; never reached the store. */
  | "malformed"
  /** Sealed under a key that is not there (any more), or by somebody else. */
  | "unknownKey"
  /** Sealed, and changed since, or made for another cookie or purpose. */
  | "altered"
  /** Of the right form, but nothing stands under it. */
  | "unknown"
  /** Idle or absolute timeout. */
  | "expired"
  /** Ended in another request of the same browser; see {@link Session.isEnded}. */
  | "ended"
  /** Ended by an operator or another device. */
  | "revoked"
  /** Given up for a newer token that somebody has used since: all that became of it has ended. */
  | "reused"
  /** Too unlike its sign-in. */
  | "drifted"
  /** Two cookies where browsers keep one, or more than a few that lead nowhere: an attack. */
  | "duplicate"
  /** The schema and `migrate` refuse the stored data. */
  | "schema"
  /** The stored data is not JSON. */
  | "corrupt"
  /** Sent over plain HTTP, where anyone may have read it. */
  | "insecure"
  /** Without the proof of the device that it is bound to. */
  | "unproven";

/** Why a code that was to carry a sign-in here signed nobody in. The visitor is told none of it. */
export type HandOffRejection =
  /** Not sent by POST: links are followed by programs too, to fetch ahead or to show a preview. */
  | "method"
  /** Sent by another site's page: a form can hold a code, and a verifier beside it. */
  | "crossSite"
  /** Not of a code's form; never reached the store. */
  | "malformed"
  /** Of the right form, but nothing stands under it; another manager's, for one. */
  | "unknown"
  /** Redeemed before. Who else has had it? */
  | "used"
  /** Its `ttl` is over. */
  | "expired"
  /** Made for somebody else. */
  | "audience"
  /** This visitor waits for none: nobody has begun here, or too long ago. */
  | "unexpected"
  /** Asked for by another browser or app: somebody has planted a code of their own. */
  | "verifier"
  /** Somebody else is signed in here. */
  | "otherUser"
  /** The session that it was made in has ended. */
  | "ended"
  /** All sessions of the user have ended since. */
  | "revoked"
  /** It is to take values along from a session bound to its token, which has another one since. */
  | "unopened";

interface Happening {
  readonly at: EpochMs;
}

interface OfSession extends Happening {
  /** The public id. */
  readonly id: string;
  readonly userId: string | undefined;
}

/** What `sessions.on` reports. No event carries a token or data. */
export interface SessionEvents {
  created: OfSession;
  /** `previousId` is the session that this one continues, if there was one. */
  signedIn: OfSession & { readonly previousId: string | undefined };
  signedOut: OfSession;
  regenerated: OfSession & { readonly previousId: string };
  /** Found past its timeout at `open`. */
  expired: OfSession & { readonly timeout: "idle" | "absolute" };
  revoked: OfSession;
  destroyed: OfSession;
  /** Its user has proved the factors for one purpose, until `endsAt`. */
  elevated: OfSession & {
    readonly purpose: string;
    readonly factors: readonly string[];
    readonly endsAt: EpochMs;
  };
  /** The user of a locked session has proved factors; `regenerated` has told of the new token. */
  unlocked: OfSession & { readonly factors: readonly string[] };
  /** From here on the operator `actorId` acts as the user, until `endsAt` at the latest. */
  impersonated: OfSession & {
    readonly actorId: string;
    readonly reason: string;
    readonly endsAt: EpochMs;
  };
  /** The operator has gone back to a session of their own, before the time was over. */
  impersonationEnded: OfSession & { readonly actorId: string };
  /** A code was made that carries this session's sign-in to `audience`. */
  handedOff: OfSession & { readonly audience: string };
  /** The sign-in of the session `fromId` was carried here; `signedIn` has told of the new one. */
  redeemed: OfSession & { readonly audience: string; readonly fromId: string };
  /** A code signed nobody in. The session and the user are those it was made for, where known. */
  handOffRejected: Happening & {
    readonly reason: HandOffRejection;
    readonly id: string | undefined;
    readonly userId: string | undefined;
  };
  rejected: Happening & { readonly reason: Rejection; readonly id: string | undefined };
  /**
   * A request got no session, as no page of the application has sent it: see {@link CrossSiteError}; or
   * (`callback`) as nothing shows that the visitor has begun what it would finish.
   */
  refused: Happening & {
    readonly reason: CrossSiteError["reason"] | "callback";
    readonly method: string;
    /** Without the query, in which secrets may travel. */
    readonly path: string;
    /** The origin of the page, where the browser tells it. */
    readonly origin: string | undefined;
  };
  /** A commit met a newer one and was applied again on top of it. */
  conflict: OfSession;
  /** A request wanted to write to a session, or to touch one, that had ended meanwhile. */
  lateWrite: OfSession & {
    readonly attempt: "write" | "touch";
    readonly reason: EndReason | "expired" | "unknown";
  };
  /**
   * Two have tokens of one session: `previousId` was given up, and came again after its successor had
   * been used. `id` is what had become of it, and has ended.
   */
  tokenReused: OfSession & { readonly previousId: string };
  /**
   * A request of a session differs from its sign-in, by the signals of `watchForDrift`: `action` is the
   * most that follows.
   */
  drifted: OfSession & {
    readonly signals: readonly ("browser" | "platform" | "network" | "country")[];
    readonly action: "event" | "stepUp" | "end";
  };
  /** `revokeEveryone` was called in this process. */
  everyoneRevoked: Happening;
  /**
   * A user had as many sessions as `limitSessions` lets them have. `id` is the one that has ended to
   * make room; `undefined` where the sign-in was refused.
   */
  limited: Happening & {
    readonly userId: string;
    readonly id: string | undefined;
    readonly limit: number;
  };
  /** `limitCreation` has refused a client a new session, or an attempt to sign in. */
  throttled: Happening & { readonly client: string; readonly attempt: "begin" | "signIn" };
  /**
   * A bound session's cookie came without the proof of its device, and signed nobody in: `lost` as the
   * browser has lost its key, or the cookie was copied; `copied` where that is more than likely.
   */
  proofMissing: OfSession & { readonly reason: "lost" | "copied" };
  storeError: Happening & { readonly error: StoreError };
}

const NAMES: Readonly<Record<keyof SessionEvents, true>> = {
  created: true,
  signedIn: true,
  signedOut: true,
  regenerated: true,
  expired: true,
  revoked: true,
  destroyed: true,
  elevated: true,
  unlocked: true,
  impersonated: true,
  impersonationEnded: true,
  handedOff: true,
  redeemed: true,
  handOffRejected: true,
  rejected: true,
  refused: true,
  conflict: true,
  lateWrite: true,
  tokenReused: true,
  drifted: true,
  everyoneRevoked: true,
  limited: true,
  throttled: true,
  proofMissing: true,
  storeError: true,
};

/** Everything that is told of. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly (keyof SessionEvents)[];

/** The request in which something happened, without what is secret in it. */
export interface EventRequest {
  readonly method: string;
  /** Without the query, in which secrets may travel. */
  readonly path: string;
  /** The address at the other end of the socket, which may be a proxy's. */
  readonly remoteAddress: string | undefined;
  /** A request header by its lower-case name; `undefined` for those that carry secrets. */
  header(name: string): string | undefined;
}

/**
 * Called with what happened, and the request in which it did; `undefined` where there was none, as
 * for what an operator ends. Its own failure is reported as a warning and harms no request.
 */
export type SessionListener<Name extends keyof SessionEvents> = (
  event: SessionEvents[Name],
  request: EventRequest | undefined,
) => unknown;

/** By their names; those that hold an address with its query, and what HTTP/2 has in their place. */
const SECRET_HEADERS =
  /cookie|auth|token|secret|[cx]srf|session|key|jwt|assertion|passw|credential|signature|^referer$|ur[il]$|^:/i;

class HeardRequest implements EventRequest {
  readonly #head: RequestHead;

  constructor(head: RequestHead) {
    this.#head = head;
  }

  get method(): string {
    return this.#head.method;
  }

  get path(): string {
    return pathOf(this.#head.target);
  }

  get remoteAddress(): string | undefined {
    return this.#head.remoteAddress;
  }

  header(name: string): string | undefined {
    return SECRET_HEADERS.test(name) ? undefined : this.#head.header(name.toLowerCase());
  }
}

type Entry = (event: never, request: EventRequest | undefined) => unknown;

/** Tells listeners what happens to sessions. */
export class Events {
  readonly #listeners = new Map<keyof SessionEvents, Set<Entry>>();
  readonly #notice: (sentence: string) => void;

  constructor(notice: (sentence: string) => void) {
    this.#notice = notice;
  }

  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set<Entry>();
    this.#listeners.set(name, listeners);
    // Wrapped, so that a listener added twice is two listeners with an `off` each.
    const entry: Entry = (event, request) => listener(event, request);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  emit<Name extends keyof SessionEvents>(
    name: Name,
    event: SessionEvents[Name],
    head?: RequestHead,
  ): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    const request = head && new HeardRequest(head);
    for (const listener of listeners) this.#call(name, () => listener(event as never, request));
  }

  #call(name: string, listener: () => unknown): void {
    const complain = (error: unknown): void =>
      this.#notice(`A listener for the session event "${name}" failed: ${messageOf(error)}`);
    try {
      const result = listener();
      if (result instanceof Promise) result.catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}

/** @throws {@link OptionsError} for an event that there is not, and for a listener that is none. */
export function checkListener(name: string, listener: unknown): void {
  if (!Object.hasOwn(NAMES, name)) {
    const known = Object.keys(NAMES).join(", ");
    throw new OptionsError(`on(${JSON.stringify(name)})`, `it never happens. What does: ${known}.`);
  }
  if (typeof listener !== "function") {
    throw new OptionsError("on(listener)", "it must be a function that takes the event.");
  }
}

/** What can be said of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "it threw something that is no Error";
}
