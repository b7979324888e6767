import type { FlashEntry } from "../../core/commit/edit.ts";
import type { Rejection } from "../../core/events.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { JsonObject } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall, StoreProfile } from "../../core/store.ts";
import type { RandomBytes } from "../../core/token.ts";
import type { PyDict, PyValue } from "../python/values.ts";

/** The sessions of another framework: all that differs from one to the next. */
export interface ForeignSessions {
  /** Such as `"Django"`; for messages. */
  readonly framework: string;
  readonly cookieName: string;
  /** Where a session takes more cookies than that one; left out, it takes none. Read, and not written. */
  readonly pieces?: CookiePieces | undefined;
  readonly format: Format;
  readonly convention: Convention;
  /** When the framework writes a session that did not change, so that it lives on. */
  readonly renewal: "each-visit" | "on-change";
  /** The key of its data that holds what the framework has no place for; `undefined` leaves that out. */
  readonly factsKey: string | undefined;
  /** How long a session may live that began here, or was signed in to here; kept among the facts. */
  readonly absoluteTimeoutMs: number | undefined;
  /** How long a browser keeps the cookie that it keeps, where that is not until the session ends. */
  readonly cookieLifetimeMs?: number | undefined;
  /** Where the sessions lie; `undefined` where each is whole in its cookie. */
  readonly kept: KeptSessions | undefined;
  readonly profile: StoreProfile;
}

/** A session in several cookies: their names are the cookie's own with something behind it. */
export interface CookiePieces {
  /** What stands behind, such as `".0"`. */
  readonly suffixes: readonly string[];
  /** The values that came, whole; each list is in the order of the header. */
  wholes(own: readonly string[], behind: (suffix: string) => readonly string[]): readonly string[];
}

/** Sessions that lie in a store of the framework's, under the key that their cookie holds. */
export interface KeptSessions {
  readonly keys: KeyCookie;
  readonly rows: ForeignRows;
}

/** How the cookie holds a key. */
export interface KeyCookie {
  /** The key in a cookie's value, or why it is not believed. */
  read(value: string, now: EpochMs): { readonly key: string } | Rejection;
  write(key: string, now: EpochMs): string;
  /** Draws the key of a new session. */
  draw(random: RandomBytes): string;
}

/** A session as it lies there. */
export interface Row {
  readonly bytes: Uint8Array;
  /** From here on it counts as absent; `undefined` where the bytes themselves say it. */
  readonly endsAt: EpochMs | undefined;
  /** What the bytes say, where that has been read already. */
  readonly document?: ForeignDocument | undefined;
  /** When it was written, where the place says so and the bytes may not. */
  readonly writtenAt?: EpochMs | undefined;
}

/** Where the framework keeps its sessions. */
export interface ForeignRows {
  /** Resolves to what is live under a key. */
  read(key: string, call: StoreCall): Promise<Row | undefined>;
  /** Puts a row where nothing live is. Resolves to whether it did. */
  insert(key: string, after: Row, call: StoreCall): Promise<boolean>;
  /** Puts a row where exactly these bytes are, in one step. Resolves to whether it did. */
  replace(key: string, before: Uint8Array, after: Row, call: StoreCall): Promise<boolean>;
  /**
   * Takes a row away: where exactly these bytes are, or whatever is there. Resolves to whether there
   * was one.
   */
  remove(key: string, before: Uint8Array | undefined, call: StoreCall): Promise<boolean>;
  /** Moves the end of a row whose bytes do not say it; left out, it is written again. */
  extend?(key: string, before: Uint8Array, endsAt: EpochMs, call: StoreCall): Promise<boolean>;
  /** Makes sure that the place can be used; rejects where it cannot. */
  prepare?(call: StoreCall): Promise<void>;
}

/** How the framework writes down what a session holds. */
export interface Format {
  /** What a text says, or why it is not believed. */
  read(bytes: Uint8Array, now: EpochMs): ForeignDocument | Unread;
  /**
   * The text of a document.
   *
   * @param before - The bytes that it was made of, or others of this visitor's; they may tell which
   * version of the framework reads it.
   * @throws {@link CodecError} naming the key path of what the format cannot hold.
   */
  write(document: PyDict, now: EpochMs, before?: Uint8Array | undefined): Uint8Array;
}

/** Why a text says nothing. */
export interface Unread {
  readonly rejection: Rejection;
  /** For whoever runs the application; holds nothing of the session. */
  readonly why: string;
}

/** What a text says. */
export interface ForeignDocument {
  /** May be read when it is first asked for. */
  readonly dict: PyDict;
  /** When it was written, where it says so. */
  readonly writtenAt: EpochMs | undefined;
  /** The whole as an application sees it, where that is known without the dict. */
  readonly view?: JsonObject | undefined;
  /** What the framework's own keys say, where the format has read them; left out, the convention does. */
  readonly said?: Said | undefined;
  /**
   * What tells the session apart from all others, where a whole cookie holds such a thing: an id, a
   * nonce. Left out, it is what the session holds.
   */
  readonly identity?: string | undefined;
}

/** What is looked up by its key: a dict, or what can stand for one. */
export type Keyed = Pick<PyDict, "get">;

/** What the framework's own keys say of a session. */
export interface Said {
  readonly userId: string | undefined;
  /** Whether the browser keeps the cookie when it is closed. */
  readonly persistent: boolean;
  readonly flash: readonly FlashEntry[];
  /** How long a session lives that is written now. */
  readonly lifetimeMs: number;
  /** Where this session is renewed otherwise than {@link ForeignSessions.renewal} says. */
  readonly renewal?: ForeignSessions["renewal"] | undefined;
  /** When it ends whatever is written until then, where it says so. */
  readonly endsAt?: EpochMs | undefined;
}

/** What is to be said with the framework's own keys. */
export interface ToSay extends Pick<Said, "userId" | "flash"> {
  /** Whether the browser is to keep the cookie; `undefined` where nobody wishes anything: as it is. */
  readonly persistent: boolean | undefined;
  /** Whether the user has just signed in. */
  readonly isSignIn: boolean;
  /** The request in which it is said. */
  readonly request: RequestHead;
}

/** New values of keys; `undefined` takes one away. */
export type KeyChanges = ReadonlyMap<string, PyValue | undefined>;

/** Which keys of the data are the framework's own, and what they mean. */
export interface Convention {
  /** Hidden from the application, which says the same by the session's own words. */
  readonly keys: ReadonlySet<string>;
  read(document: Keyed): Said;
  /** What to change in a document, or in that of a new session. */
  write(toSay: ToSay, before: PyDict, call: StoreCall): KeyChanges | Promise<KeyChanges>;
  /** Whether the user still counts as signed in: a new password may say no. Left out, yes. */
  isValid?(document: PyDict, userId: string, call: StoreCall): Promise<boolean>;
  /** One that remembers for a request what it has asked. Left out, one serves all. */
  forRequest?(): Convention;
}
