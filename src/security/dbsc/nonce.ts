import type { EpochMs } from "../../core/record.ts";
import { challengeOf } from "../../core/token.ts";
import type { Binding } from "./binding.ts";

/** By the server's clock, so that a browser's may say what it likes. */
export const NONCE_MS = 300_000;

const FORM = /^([0-9a-z]{8,10})\.([A-Za-z0-9_-]{43})$/;

/**
 * A nonce for the proofs of the next minutes: the time, and what only the binding can have made of it.
 * It costs no write, and it is no secret: it shows that a proof was not made long ago.
 */
export function freshNonce(binding: Pick<Binding, "seed">, now: EpochMs): string {
  const time = now.toString(36);
  return `${time}.${challengeOf(`sojourn/nonce\0${binding.seed}\0${time}`)}`;
}

/** Whether a nonce was given for this binding within the last minutes. Any value is accepted. */
export function isFreshNonce(
  nonce: unknown,
  binding: Pick<Binding, "seed">,
  now: EpochMs,
): boolean {
  const [, time = ""] = FORM.exec(String(nonce)) ?? [];
  const at = Number.parseInt(time, 36);
  // The clocks of two servers differ a little.
  if (!(Math.abs(now - at) < NONCE_MS)) return false;
  return nonce === freshNonce(binding, at);
}
