/** A text that was opened, or verified. */
export interface Opened {
  readonly kind: "opened";
  readonly text: string;
  /** Whether the ring's first key sealed it. Where not, seal it again at the next occasion. */
  readonly isCurrent: boolean;
}

/**
 * A text that does not open: `malformed` is not of this format or version, `unknownKey` names a
 * key that is not in the ring, `altered` was changed, or made for another purpose or place.
 */
export interface Refused {
  readonly kind: "malformed" | "unknownKey" | "altered";
}

/** What opening came to. Bad input is an answer, never an error. */
export type Opening = Opened | Refused;

export const MALFORMED: Refused = Object.freeze({ kind: "malformed" });
export const UNKNOWN_KEY: Refused = Object.freeze({ kind: "unknownKey" });
export const ALTERED: Refused = Object.freeze({ kind: "altered" });
