import { createRequire } from "node:module";
import type { Sodium } from "../../../src/interop/adopt/index.ts";

/** The sodium-native that secure-session uses; it has no types of its own. */
export const sodium: WholeSodium = createRequire(import.meta.url)("sodium-native");

interface WholeSodium extends Sodium {
  crypto_secretbox_easy(box: Buffer, message: Buffer, nonce: Buffer, key: Buffer): void;
}
