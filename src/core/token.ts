import * as crypto from "node:crypto";

declare const brand: unique symbol;
type Branded<Text extends string> = string & { readonly [brand]: Text };

/** The secret that travels in the cookie. Never stored, never logged. */
export type SessionToken = Branded<"SessionToken">;
/** The key a store files the record under, and the session's public handle. Safe to log. */
export type SessionId = Branded<"SessionId">;
/** Names one write of one record. Opaque; a record remembers its last few. */
export type CommitId = Branded<"CommitId">;

/** A token, and the id of the session that it opens. */
export interface Identity {
  /** A secret: what the browser holds, or something in it. */
  readonly token: string;
  readonly id: SessionId;
}

/** Gives `size` bytes from a cryptographically secure source. The view is only valid at once. */
export type RandomBytes = (size: number) => Buffer;

const TOKEN_BYTES = 32;
/** 48 bits: it only has to differ from the few other commits of the same session. */
const COMMIT_BYTES = 6;
const COMMIT_LENGTH = 8;
/** How many are drawn at once where many are needed. */
const BATCH = 128;

/**
 * 43 characters carry 258 bits, so the last one has two to spare: only the 16 letters whose spare
 * bits are zero are canonical. Node decodes the other spellings to the same bytes.
 */
const TOKEN_FORM = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const ID_PREFIX = "s_";
const ID_FORM = /^s_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Draws a new token: 256 random bits as 43 base64url characters (OWASP ASVS 5.0, 7.2.3). */
export function newToken(random: RandomBytes): SessionToken {
  return newSecretText(random, TOKEN_BYTES) as SessionToken;
}

/** Draws this many bytes as base64url, and leaves nothing of them but the text. */
export function newSecretText(random: RandomBytes, size: number): string {
  const bytes = random(size);
  const text = bytes.toString("base64url");
  // They would lie in the pool of random bytes until that is drawn anew.
  bytes.fill(0);
  return text;
}

/** Draws the id of one write. */
export function newCommitId(random: RandomBytes): CommitId {
  return random(COMMIT_BYTES).toString("base64url") as CommitId;
}

/** Draws the ids of many writes, a batch at a time, which takes a fifth of the time for each. */
export class CommitIds {
  readonly #random: RandomBytes;
  #batch = "";
  #used = 0;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  next(): CommitId {
    if (this.#used === this.#batch.length) {
      this.#batch = this.#random(BATCH * COMMIT_BYTES).toString("base64url");
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += COMMIT_LENGTH;
    return this.#batch.slice(from, this.#used) as CommitId;
  }
}

/** The token that `text` spells, or `undefined` unless its form is exact and canonical. */
export function parseToken(text: string): SessionToken | undefined {
  return text.length === 43 && TOKEN_FORM.test(text) ? (text as SessionToken) : undefined;
}

/** The id that `text` spells, or `undefined`. A token is of another shape and is refused. */
export function parseId(text: unknown): SessionId | undefined {
  return typeof text === "string" && text.length === 45 && ID_FORM.test(text)
    ? (text as SessionId)
    : undefined;
}

/**
 * The id of a token within one manager: SHA-256 over purpose, name and token.
 *
 * A fast unsalted hash is enough, as 256 random bits have no dictionary; the name keeps two
 * managers on one store from accepting each other's tokens (CVE-2022-46170).
 */
export function sessionId(token: SessionToken, manager: string): SessionId {
  return idOf(`sojourn/session\0${manager}\0${token}`);
}

/**
 * The id under which a store remembers that a session ended which itself lies in a cookie.
 *
 * The user is part of it: who ends a session by its id has to know whose it is.
 */
export function endedId(id: SessionId, userId: string | undefined, manager: string): SessionId {
  return idOf(`sojourn/ended\0${manager}\0${userId ?? ""}\0${id}`);
}

/** What may hold for all sessions of one family. */
export type FamilyMatter = "revoked" | "sparing" | "milestone";

/** The id under which a store keeps it. */
export function familyId(matter: FamilyMatter, family: string, manager: string): SessionId {
  return idOf(`sojourn/family/${matter}\0${manager}\0${family}`);
}

/** What is kept of the device that a session is bound to: its keys, and each proof of a script's. */
export type DeviceMatter = "binding" | "proof";

/** The id under which a store keeps it. */
export function deviceId(matter: DeviceMatter, text: string, manager: string): SessionId {
  return idOf(`sojourn/device/${matter}\0${manager}\0${text}`);
}

/**
 * The id under which something is kept beside the sessions.
 *
 * @param kind - As `sideManager` has it: the manager's name is in it.
 * @param text - What it is found again by.
 */
export function sideId(kind: string, text: string): SessionId {
  return idOf(`sojourn/side\0${kind}\0${text}`);
}

/**
 * Stands for a user wherever something is to be found again by the user alone. Whoever reads the
 * store does not see who it is; whoever guesses can make sure of it, as nothing in it is secret.
 */
export function hiddenUserId(userId: string, manager: string): string {
  return sha256(`sojourn/user\0${manager}\0${userId}`);
}

/** The id under which a store keeps what a code carries from one application to another. */
export function handOffId(code: SessionToken, manager: string): SessionId {
  return passingId(`sojourn/hand-off\0${manager}\0${code}`);
}

/** The id under which a store keeps what a visitor has begun who goes elsewhere and is sent back. */
export function callbackId(state: SessionToken, manager: string): SessionId {
  return passingId(`sojourn/callback\0${manager}\0${state}`);
}

/** What is kept of the secret by which the browser is known that has begun it. */
export function bindingOf(secret: string, state: SessionToken, manager: string): string {
  return sha256(`sojourn/callback-binding\0${manager}\0${state}\0${secret}`);
}

/** The id whose end tells those who wait that a holder is done with its lease. */
export function bellId(id: SessionId, holder: CommitId): SessionId {
  return passingId(`sojourn/bell\0${id}\0${holder}`);
}

/** What is no session and ends soon is known by its id: whoever hears of ends passes it by. */
export function isPassingId(id: SessionId): boolean {
  return id.startsWith(PASSING);
}

/** A session's id begins so once in four million million: then nobody hears of its end but who watches. */
const PASSING = `${ID_PREFIX}passing`;

function passingId(text: string): SessionId {
  return (PASSING + sha256(text).slice(PASSING.length - ID_PREFIX.length)) as SessionId;
}

/**
 * Opens the record of a token, where a store seals it to that: no store holds it, as none holds the
 * token, and it opens no session.
 */
export function recordSecret(token: string, manager: string): string {
  return sha256(`sojourn/record-secret\0${manager}\0${token}`);
}

/** What hides a {@link recordSecret} in what a code carries: used once, and as long as that. */
export function handOffPad(code: SessionToken, manager: string): string {
  return sha256(`sojourn/hand-off/secret\0${manager}\0${code}`);
}

/**
 * A visitor's verifier for a hand-off that they wait for. It is made of their token, so that no store
 * holds it, and nobody without their cookie can make it.
 */
export function verifierOf(token: string, nonce: string, manager: string): string {
  return sha256(`sojourn/verifier\0${manager}\0${nonce}\0${token}`);
}

/** The S256 challenge of a verifier (RFC 7636, 4.2). */
export function challengeOf(verifier: string): string {
  return sha256(verifier);
}

// In one piece: put together by `+` it would keep its parts, 32 bytes for each id that a store holds.
function idOf(text: string): SessionId {
  return [ID_PREFIX, sha256(text)].join("") as SessionId;
}

// `crypto.hash` costs a third of `createHash`, but not every runtime with node:crypto has it.
const sha256: (text: string) => string =
  typeof crypto.hash === "function"
    ? (text) => crypto.hash("sha256", text, "base64url")
    : (text) => crypto.createHash("sha256").update(text).digest("base64url");
