import { randomBytes } from "node:crypto";
import { ownSecret } from "../sealing/own-secret.ts";

const BYTES = 32;

/** A secret as text, which tells by itself whether it is whole. */
export function newSecret(): string {
  return ownSecret(randomBytes(BYTES));
}
