/** What one request, or one call of an operator, wants done. */
export type Deed =
  | { readonly kind: "read" }
  | { readonly kind: "set"; readonly key: string; readonly value: string; readonly when: Commit }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "consume"; readonly key: string }
  | { readonly kind: "add" }
  | {
      readonly kind: "exclusive";
      readonly key: string;
      /** What the work sets the key to, records as its intent, and returns. */
      readonly value: string;
      /** How long it takes. */
      readonly workMs: number;
      /** Whether it throws in the end, so that nothing is stored. */
      readonly throws: boolean;
    }
  | { readonly kind: "regenerate" }
  | { readonly kind: "signIn"; readonly userId: string }
  | { readonly kind: "signOut" }
  | { readonly kind: "destroy" }
  | { readonly kind: "revoke"; readonly id: string }
  | { readonly kind: "revokeAll"; readonly userId: string; readonly except?: string | undefined }
  | { readonly kind: "list"; readonly userId: string };

/** Whether a change is stored by `save`, or when the response is made. */
export type Commit = "by save" | "with the response";

/** How long the work of an `exclusive` may take, and how long others wait for it. */
export const LEASE_MS = 400;
export const WAIT_MS = 800;

/** The work of an `exclusive`, where it was this request that did it. */
export interface Work {
  readonly start: number;
  readonly end: number;
  /** What it was told of the one before it. */
  readonly previous?: "unknown" | "failed" | undefined;
  readonly intent?: unknown;
}

/** What became of a deed, as far as whoever did it was told. */
export type Outcome =
  /** Acknowledged. */
  | "ok"
  /** Refused, as the session had ended (SessionEndedError, 409). */
  | "ended"
  /** The store says that nothing was written. */
  | "failed"
  /** It may have happened, may happen later, or never. */
  | "unknown"
  /** An error that no request should ever meet. */
  | "broken";

/** What a request saw when it opened its session. */
export interface View {
  readonly condition: "live" | "ended" | "new";
  readonly userId?: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a process answers. Times are in microseconds of the clock that all processes share. */
export interface Answer {
  /** Which request this is the answer to. */
  readonly request: number;
  readonly start: number;
  /** When the session was open: what was seen stood somewhere between `start` and this. */
  readonly opened: number;
  readonly end: number;
  readonly setCookie: readonly string[];
  readonly seen?: View | undefined;
  readonly outcome: Outcome;
  /** What `update`, `consume`, `exclusive`, `revoke` or `list` came to. */
  readonly result?: unknown;
  /** Left out where an `exclusive` got another's result, or came to nothing before its work. */
  readonly work?: Work | undefined;
  /** What the session showed under the key of an `exclusive` once that was done. */
  readonly after?: unknown;
  readonly error?: string | undefined;
}

/** What a process is asked to do. */
export interface Ask {
  readonly request: number;
  readonly cookie: string | undefined;
  readonly deed: Deed;
  /** How long the handler dwells between opening the session and its deed, in ms. */
  readonly dwellMs: number;
}

/** One line of the history. */
export interface Operation extends Omit<Answer, "request" | "setCookie" | "opened"> {
  readonly number: number;
  readonly actor: string;
  readonly process: number;
  readonly deed: Deed;
  readonly opened: number;
  /** The session whose cookie the request carried. */
  readonly sent?: string | undefined;
  /** The session whose cookie the answer gave. */
  readonly given?: string | undefined;
}

/** Microseconds of the monotonic clock, which is one for all processes of a machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
