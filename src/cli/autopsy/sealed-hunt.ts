import { recordSecret } from "../../core/token.ts";
import { isBound } from "../../sealing/bound-sealer.ts";
import { committed, decoded, unverified } from "../../sealing/message.ts";
import { ownSecret } from "../../sealing/own-secret.ts";
import { BOUND_VERSION, RingKey, SEAL_VERSION } from "../../sealing/ring-key.ts";
import { secretBytes } from "../../sealing/secret.ts";
import { objectIn } from "./objects.ts";
import type { Piece, Source } from "./sources.ts";
import type { FoundToken } from "./token-hunt.ts";

/** A sealed text, and what it turned out to hold. */
export interface Opened {
  readonly source: Source;
  /** Data of a session; facts that the keys alone are meant to open; or a key of a ring. */
  readonly kind: "data" | "facts" | "key";
  readonly keys: readonly string[];
  readonly text: string;
}

/** What remains closed. */
export interface Closed {
  /** Takes the visitor's token as well. */
  readonly bound: number;
  /** Under keys that are not here. */
  readonly otherKeys: number;
}

/** Versions 1 and 3, and at least one bucket. */
const TEXTS = /A[Q-fw-z0-9_-][\w-]{177,}/g;
const FACTS: ReadonlySet<string> = new Set(["device", "notes", "hash"]);
const KEY = /^[\w-]{43}$/;

/** Collects sealed texts, and opens those that the keys and the found tokens open. */
export class SealedHunt {
  readonly #texts = new Map<string, Source>();
  readonly #rings: RingKey[] = [];

  constructor(secrets: readonly (string | Uint8Array)[]) {
    for (const secret of secrets) this.#learn(secret);
  }

  search(source: Source, { bytes }: Piece): void {
    for (const [text] of bytes.toString("latin1").matchAll(TEXTS)) {
      if (!this.#texts.has(text)) this.#texts.set(text, source);
    }
  }

  /** Opens what can be; a key that is found inside opens more. */
  open(tokens: readonly FoundToken[]): {
    readonly opened: readonly Opened[];
    readonly closed: Closed;
  } {
    const opened = new Map<string, Opened>();
    for (let known = -1; known < this.#rings.length; ) {
      known = this.#rings.length;
      for (const [text, source] of this.#texts) {
        const plain = opened.has(text) ? undefined : this.#plainOf(text, tokens);
        if (plain === undefined) continue;
        opened.set(text, { source, text: plain, ...meaningOf(plain) });
        if (KEY.test(plain)) this.#learn(ownSecret(Buffer.from(plain, "base64url")));
      }
    }
    const left = [...this.#texts.keys()].filter((text) => !opened.has(text));
    const bound = left.filter(isBound).length;
    return { opened: [...opened.values()], closed: { bound, otherKeys: left.length - bound } };
  }

  #learn(secret: string | Uint8Array): void {
    try {
      const key = new RingKey(secretBytes("key", secret));
      if (!this.#rings.some((ring) => ring.isSame(key))) this.#rings.push(key);
    } catch {
      // Another program's key opens nothing of ours.
    }
  }

  #plainOf(text: string, tokens: readonly FoundToken[]): string | undefined {
    for (const sealed of spellings(text)) {
      for (const ring of this.#rings) {
        const plain = isBound(sealed)
          ? boundPlain(ring, sealed, tokens)
          : plainUnder(ring.sealHead, SEAL_VERSION, sealed, (salt) => ring.derive(salt));
        if (plain !== undefined) return plain;
      }
    }
    return undefined;
  }
}

function boundPlain(
  ring: RingKey,
  sealed: string,
  tokens: readonly FoundToken[],
): string | undefined {
  for (const { token, name } of tokens) {
    const secret = Buffer.from(recordSecret(token, name), "base64url");
    const derive = (salt: Uint8Array) => ring.deriveBound(salt, secret);
    const plain = plainUnder(ring.boundHead, BOUND_VERSION, sealed, derive);
    if (plain !== undefined) return plain;
  }
  return undefined;
}

/** Without its binding nothing can be verified, and a thief does not care to. */
function plainUnder(
  head: string,
  version: number,
  sealed: string,
  derive: Parameters<typeof committed>[0],
): string | undefined {
  if (!sealed.startsWith(head)) return undefined;
  const message = decoded(sealed, version);
  const derived = message && committed(derive, message);
  return message && derived && unverified(derived, message);
}

/** Bytes that follow a text in a file may look like more of it. */
function spellings(text: string): readonly string[] {
  const bytes = Math.floor((text.length * 3) / 4);
  const most = Math.floor((bytes - 70) / 64);
  return [most, most - 1]
    .filter((buckets) => buckets > 0)
    .map((buckets) => {
      return text.slice(0, Math.ceil(((70 + 64 * buckets) * 4) / 3));
    });
}

function meaningOf(plain: string): Pick<Opened, "kind" | "keys"> {
  if (KEY.test(plain)) return { kind: "key", keys: [] };
  const keys = Object.keys(objectIn(plain) ?? {});
  const isFacts = plain.startsWith("{") && keys.every((key) => FACTS.has(key));
  return { kind: isFacts ? "facts" : "data", keys };
}
