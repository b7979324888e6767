import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";

/** Where everything lies in the store's folder. Every path is made here. */
export class Places {
  readonly root: string;
  readonly records: string;
  readonly users: string;
  readonly generations: string;
  /** What is not yet in its place, and what is on its way out. */
  readonly temporary: string;

  constructor(root: string) {
    this.root = root;
    this.records = join(root, "records");
    this.users = join(root, "users");
    this.generations = join(root, "generations");
    this.temporary = join(root, "tmp");
  }

  /** The folder of a session. The id must have been checked: `parseId`. */
  session(id: SessionId): string {
    return join(this.shardOf(id), id);
  }

  /** The folder of the sessions whose ids begin alike. */
  shardOf(id: SessionId): string {
    return join(this.records, ...shardNames(id));
  }

  /** The folder with an entry for each session of a user. */
  user(tag: string): string {
    return join(this.users, tagFolder(tag), tag);
  }

  /** The folder with a user's generations. */
  generation(tag: string): string {
    return join(this.generations, tagFolder(tag), tag);
  }

  /** A place for a session that is being built. */
  fresh(): string {
    return join(this.temporary, `new-${nonce()}`);
  }

  /** A place for what nobody shall find any more. */
  dead(): string {
    return join(this.temporary, `dead-${nonce()}`);
  }
}

/**
 * The two folders above a session: its first two characters after the prefix, in hexadecimal, so
 * that their order is that of the ids, and upper and lower case stay apart on every file system.
 */
export function shardNames(id: SessionId): readonly [string, string] {
  return [hex(id.charCodeAt(2)), hex(id.charCodeAt(3))];
}

/** The folder above what lies under a tag. */
export function tagFolder(tag: string): string {
  return tag.slice(0, 2);
}

function hex(code: number): string {
  return code.toString(16).padStart(2, "0");
}

/** 96 random bits: a name that was never used and never will be again. */
export function nonce(): string {
  return randomBytes(12).toString("hex");
}

/** A place among the sessions, at random. */
export function anyId(): SessionId {
  return `s_${randomBytes(32).toString("base64url")}` as SessionId;
}

/** A place among the users, at random. */
export function anyTag(): string {
  return randomBytes(16).toString("hex");
}

/** Stands for a user within one manager in names, which a user id itself could not. */
export function userTag({ manager, userId }: UserKey): string {
  return digest(JSON.stringify(["user", manager, userId])).slice(0, 32);
}

/** Stands for a manager in names. */
export function managerTag(manager: string): string {
  return digest(JSON.stringify(["manager", manager])).slice(0, 16);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
