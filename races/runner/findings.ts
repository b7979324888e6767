/** What the races of one contestant have shown, in counts. */
export interface Findings {
  /** Left out where the library's sessions hold nothing of the application's; so are writers and redirects. */
  readonly lostUpdate?: {
    readonly rounds: number;
    /** Two requests, one of them slow: in so many rounds both changes are there. */
    readonly bothKept: number;
    /** So many requests at once. */
    readonly parallel: number;
    /** What is left of them, round by round, where each sets a key of its own. */
    readonly keys: readonly number[];
    /** The same where each adds one to a counter. */
    readonly counts: readonly number[];
  };
  readonly resurrection: {
    readonly rounds: number;
    /** In so many the browser is signed in again by the answer of a request that was slow to write. */
    readonly byWriter?: number;
    /** The same by one that only reads. */
    readonly byReader: number;
  };
  /** Whether a cookie copied before the sign-out still opens the session, with nothing racing. */
  readonly copyLives: boolean;
  readonly fixation: {
    readonly rounds: number;
    /** In so many the one who planted the cookie is signed in by the victim's sign-in. */
    readonly planted: number;
    /** Whether the sessions of an id that the server has ended begin under that id again. */
    readonly adoptsEnded: boolean;
    /** The same for a cookie of invented characters. */
    readonly adoptsInvented: boolean;
  };
  readonly redirect?: {
    readonly rounds: number;
    /** In so many the page after the redirect did not find what was set before it. */
    readonly missed: number;
    /** Whether the store was held up meanwhile, so that the outcome is no chance. */
    readonly isHeld: boolean;
  };
  /** Left out where the store cannot be taken away. */
  readonly outage?: { readonly silent: Outage; readonly dead: Outage };
  /** Left out where nobody can end another's sessions. */
  readonly revocation?: { readonly requests: number; readonly accepted: number };
}

/** What a signed-in visitor gets while the store is away. */
export interface Outage {
  readonly read: OutageAnswer;
  readonly write?: OutageAnswer;
  /** Whether the processes still run when it is back. */
  readonly survives: boolean;
  /** Whether the visitor is served again, as signed in as before. */
  readonly recovers: boolean;
}

/** The status; or none in time; or a success that is not true. */
export type OutageAnswer = number | "none" | "as nobody" | "ok, not stored";

/** What is kept of one contestant, beside the table. */
export interface Result {
  readonly name: string;
  readonly setting: string;
  readonly place: string;
  /** Such as "Node 24.21.0". */
  readonly runtime: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly date: string;
  readonly findings: Findings;
}

/** A result with what its reader should know of the contestant. */
export interface Row extends Result {
  readonly notes: readonly string[];
}
