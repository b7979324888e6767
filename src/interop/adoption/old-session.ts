import type { JsonObject } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";

/**
 * A session of before, as `map` gets it. Its values are what the other framework has stored: text of
 * strangers, of no type that anybody has checked here.
 */
export interface OldSession {
  /** Such as `"Flask"`. */
  readonly framework: string;
  /** Its values by their keys, without those that say who is signed in and which messages wait. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Who is signed in, by that framework's own keys. */
  readonly userId: string | undefined;
  /** Whether the browser keeps it when it is closed. */
  readonly persistent: boolean;
  /** When it was last written, epoch ms, where it says so or its end tells; never after now. */
  readonly writtenAt: EpochMs | undefined;
  /** When the user proved who they are, epoch ms, where Sojourn itself has noted it while sharing. */
  readonly authenticatedAt: EpochMs | undefined;
}

/** What becomes of an old session. */
export interface Adopted<D extends object = JsonObject> {
  readonly data: D;
  /** Whose it is, mostly `old.userId`; `undefined` for a visitor who is not signed in. */
  readonly userId: string | undefined;
  /** Whether the browser keeps the cookie when it is closed. @defaultValue as the old session */
  readonly persistent?: boolean | undefined;
  /** When the user proved who they are, epoch ms. Left out, nobody knows, and `isFresh` is false. */
  readonly authenticatedAt?: EpochMs | undefined;
  /** Where the absolute timeout counts from, epoch ms, such as `old.writtenAt`. @defaultValue now */
  readonly createdAt?: EpochMs | undefined;
}

/** Makes data of ours of an old session's; `undefined` leaves that as it is. */
export type AdoptionMap<D extends object> = (old: OldSession) => Adopted<D> | undefined;
