import type { EpochMs, TimeBounds } from "../time-bounds.ts";
import { PySigner, type PySignerOptions, type Unsigned } from "./py-signer.ts";
import { secondsText, textSeconds } from "./timestamp.ts";

/** What {@link TimedPySigner.unsign} answers. */
export type TimedUnsigned =
  | {
      readonly ok: true;
      readonly value: string;
      /** To the second. */
      readonly issuedAt: EpochMs;
      /** Whether the newest key signed it. */
      readonly isCurrent: boolean;
    }
  | (Unsigned & { readonly ok: false })
  | {
      readonly ok: false;
      readonly reason: "expired" | "future";
      readonly issuedAt: EpochMs;
    };

/** Signs texts as the `TimestampSigner` of itsdangerous 1.0 and later: `value.seconds.signature`. */
export class TimedPySigner {
  readonly #signer: PySigner;

  constructor(options: PySignerOptions) {
    this.#signer = new PySigner(options);
  }

  /** Signs a text as of a second. */
  sign(value: string, now: EpochMs): string {
    return this.#signer.sign(`${value}.${secondsText(Math.floor(now / 1_000))}`);
  }

  /** Reads what {@link sign} made. As itsdangerous 2.0 does, it refuses what is of the future. */
  unsign(signed: string, { now, maxAge }: TimeBounds): TimedUnsigned {
    const unsigned = this.#signer.unsign(signed);
    if (!unsigned.ok) return unsigned;
    const dot = unsigned.value.lastIndexOf(".");
    const seconds = dot === -1 ? undefined : textSeconds(unsigned.value.slice(dot + 1));
    if (seconds === undefined) return { ok: false, reason: "malformed" };
    const issuedAt = 1_000 * seconds;
    const age = Math.floor(now / 1_000) - seconds;
    if (maxAge !== undefined && age > maxAge) return { ok: false, reason: "expired", issuedAt };
    if (maxAge !== undefined && age < 0) return { ok: false, reason: "future", issuedAt };
    const value = unsigned.value.slice(0, dot);
    return { ok: true, value, issuedAt, isCurrent: unsigned.isCurrent };
  }
}
