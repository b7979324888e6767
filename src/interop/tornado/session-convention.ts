import type { FlashEntry } from "../../core/commit/edit.ts";
import type { Convention } from "../foreign/foreign-sessions.ts";
import type { UserKey } from "../foreign/user-key.ts";
import type { PyValue } from "../python/values.ts";

/** Where a session keeps its messages, and how. */
export interface Messages {
  readonly key: string;
  read(stored: PyValue | undefined): readonly FlashEntry[];
  /** What is to be stored; `undefined` for nothing. */
  write(flash: readonly FlashEntry[], before: PyValue | undefined): PyValue | undefined;
}

/** What the keys of a session mean to whoever wrote the application: Tornado knows none. */
export interface TornadoWays {
  readonly user: UserKey;
  readonly messages: Messages;
  readonly lifetimeMs: number;
  /** Whether browsers keep the cookie when they are closed. */
  readonly persistent: boolean;
}

/** The meaning of the keys of a session under Tornado. */
export function sessionConvention(ways: TornadoWays): Convention {
  const { user, messages, lifetimeMs, persistent } = ways;
  return {
    keys: new Set([user.key, messages.key]),
    read: (document) => ({
      userId: user.read(document),
      persistent,
      flash: messages.read(document.get(messages.key)),
      lifetimeMs,
    }),
    write: ({ userId, flash }, before) =>
      new Map<string, PyValue | undefined>([
        [user.key, user.stored(userId, before)],
        [messages.key, messages.write(flash, before.get(messages.key))],
      ]),
  };
}
