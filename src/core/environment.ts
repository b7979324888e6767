import { randomFillSync } from "node:crypto";
import type { RequestHead } from "./exchange.ts";
import type { EpochMs } from "./record.ts";
import type { Reporter } from "./report.ts";
import type { RandomBytes } from "./token.ts";

/** Tells the time. Passed in, so that a test can move it. */
export interface Clock {
  /** The instant as milliseconds since 1970, UTC. */
  now(): number;
}

/**
 * How it is known that this process serves its developers alone: `named` by `NODE_ENV`, or `assumed`
 * where that is not set, as is the custom.
 */
export type Development = "named" | "assumed";

/** Where the browser believes to be, as far as the connection and the proxies that are believed tell. */
export interface Address {
  /** The host, with its port where it is not the usual one. */
  readonly host: string | undefined;
  /** Whether the browser's own connection is surely encrypted. */
  readonly isSecure: boolean;
}

/** What the engine takes from outside: the time, randomness, and a way to tell the developer. */
export interface Environment {
  readonly now: () => EpochMs;
  readonly random: RandomBytes;
  readonly development: Development | undefined;
  /** The value of `NODE_ENV`, to be shown where it is not what it should be. */
  readonly nodeEnv?: string | undefined;
  /** Which proxies are believed that the browser's connection is encrypted, as the options say. */
  readonly trustProxy?: "all" | readonly string[] | undefined;
  /** Where the browser of a request believes to be. */
  readonly addressOf: (request: RequestHead) => Address;
  /** The canonical address of whoever has sent a request; where left out, nobody knows it. */
  readonly clientOf?: ((request: RequestHead) => string | undefined) | undefined;
  /** Whether the options speak of HTTPS: an unset `NODE_ENV` is then no development. */
  readonly isForHttps?: boolean | undefined;
  /** Says a sentence to the developer, the first time only. */
  readonly notice: (sentence: string) => void;
  /** Tells whoever runs the application of a failure. */
  readonly report: Reporter["report"];
}

/** Any other value of `NODE_ENV` is production, misspelt ones too: `undefined`. */
export function developmentOf(nodeEnv: string | undefined): Development | undefined {
  if (nodeEnv === undefined) return "assumed";
  return nodeEnv === "development" || nodeEnv === "test" ? "named" : undefined;
}

const POOL_BYTES = 4_096;

/**
 * Random bytes from a pool filled 4 KiB at a time: 0.1 µs a draw rather than 2 µs. A failing
 * source throws; there is no fallback.
 */
export function pooledRandom(fill: (bytes: Buffer) => void = randomFillSync): RandomBytes {
  let pool: Buffer | undefined;
  let used = POOL_BYTES;
  return (size) => {
    if (pool === undefined || used + size > POOL_BYTES) {
      // Whatever goes wrong, nothing of it is drawn.
      used = POOL_BYTES;
      pool = pool?.fill(0) ?? Buffer.alloc(POOL_BYTES);
      fill(pool);
      refuseConstant(pool);
      used = 0;
    }
    const bytes = pool.subarray(used, used + size);
    used += size;
    return bytes;
  };
}

/** As much as a token takes: of random bytes so many are never the same. */
const STRETCH_BYTES = 32;

/** A source that fills nothing, not all, or one byte over and over is broken (CVE-2021-3538). */
function refuseConstant(pool: Buffer): void {
  for (let from = 0; from < pool.length; from += STRETCH_BYTES) {
    if (!isConstant(pool, from)) continue;
    throw new Error("The source of randomness returns constant bytes; no session can be made.");
  }
}

/** Ends at the second byte nearly always. */
function isConstant(pool: Buffer, from: number): boolean {
  const end = from + STRETCH_BYTES;
  let at = from + 1;
  while (at < end && pool[at] === pool[from]) at += 1;
  return at === end;
}
