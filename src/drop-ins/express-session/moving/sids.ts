import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { SessionId } from "../../../core/token.ts";

/** Requests under way: what they know is asked for as they arrive. */
const MAX_KNOWN = 10_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The ids by which sessions are found in their store. A request brings its own; whoever ends somebody
 * else's session has none, and finds it in the record: sealed, as it is a secret.
 */
export class Sids {
  readonly #known = new Map<SessionId, string>();
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = createHash("sha256").update(`sojourn/moving\0${secret}`).digest();
  }

  know(id: SessionId, sid: string): void {
    // The latest are the last: the first one has waited longest.
    this.#known.delete(id);
    this.#known.set(id, sid);
    if (this.#known.size <= MAX_KNOWN) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  of(id: SessionId): string | undefined {
    return this.#known.get(id);
  }

  seal(id: SessionId, sid: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(id));
    const body = Buffer.concat([cipher.update(sid, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64url");
  }

  /** What was sealed for this very session; `undefined` for anything else. */
  open(id: SessionId, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, "base64url");
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, options)
        .setAAD(Buffer.from(id))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }
}
