/** A command: its name and its arguments. */
export type Command = readonly [string, ...string[]];

/** Sends a command to one master. */
export type Master = (command: Command) => Promise<unknown>;

/** The replies to a command and to the `WAIT` behind it, on one connection. */
export interface Confirmed {
  readonly reply: unknown;
  readonly replicas: number;
}

/** A connection to one channel. */
export interface Subscription {
  close(): void;
}

/** What hears a channel. */
export interface Hearer {
  onMessage(message: string): void;
  /** The connection was lost, or is there again. */
  onGap(): void;
}

/** The one port to every client. */
export interface Driver {
  /** What the client itself puts in front of keys. */
  readonly keyPrefix: string;
  /** Whether a command may only name keys of one slot. */
  readonly isCluster: boolean;
  /** Whether a failure may be that of a command that the client has sent twice by itself. */
  readonly resends: boolean;
  /** Resolves when a command would be sent at once; rejects with {@link Unsent} if it cannot be. */
  ready(signal: AbortSignal): Promise<void>;
  /** Sends a command to the master of a key. */
  send(key: string, command: Command, signal: AbortSignal): Promise<unknown>;
  /** Sends a write and, on the same connection, `WAIT`. On a connection of the store's own. */
  sendConfirmed(key: string, command: Command, wait: Command): Promise<Confirmed>;
  /** The masters, for what goes over all keys. */
  masters(): Promise<readonly Master[]>;
  /** Resolves when the channel is heard. On a connection of the store's own. */
  subscribe(channel: string, hearer: Hearer): Promise<Subscription>;
  /** Closes what the store opened, never the application's client. */
  close(): void;
}

/** The command surely did not leave the process. */
export class Unsent extends Error {}
