import type { KeyObject } from "node:crypto";
import type { EpochMs } from "../python/time-bounds.ts";

/** What reading a signed value comes to. */
export type TornadoReading =
  | {
      readonly ok: true;
      readonly value: Buffer;
      /** To the second. */
      readonly issuedAt: EpochMs;
      readonly version: 1 | 2;
    }
  | {
      readonly ok: false;
      readonly reason: "malformed" | "altered" | "unknownKey" | "expired" | "future" | "oldVersion";
    };

/** What Tornado signs with: `cookie_secret`, prepared. */
export type TornadoSecret = KeyObject | ReadonlyMap<number, KeyObject>;

/** What both forms sign. */
export interface SignedParts {
  readonly name: string;
  readonly base64: string;
  readonly seconds: string;
}
