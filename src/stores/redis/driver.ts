/** A command: its name and its arguments. */
export type Command = readonly [string, ...string[]];

/** Sends a command to one master. */
export type Master = (command: Command, signal: AbortSignal) => Promise<unknown>;

/** A connection to one channel. */
export interface Subscription {
  close(): void;
}

/** Who is told what is published on a channel. */
export interface ChannelListener {
  onMessage(message: string): void;
  /** The connection was lost, or is there again. */
  onGap(): void;
}

/** The one port to every client: the application's, or a duplicate of it that the store opened. */
export interface Driver {
  /** What the client itself puts in front of keys. */
  readonly keyPrefix: string;
  /** Whether a command may only name keys of one slot. */
  readonly isCluster: boolean;
  /** Whether a failure may be that of a command that the client has sent twice by itself. */
  readonly resends: boolean;
  /** Whether it is a duplicate that the store has opened. */
  readonly isOwn: boolean;
  /** Whether the client was closed for good, or never connected. */
  readonly isClosed: boolean;
  /** Resolves when a command would be sent at once; rejects with {@link Unsent} if it cannot be. */
  ready(signal: AbortSignal): Promise<void>;
  /** Sends a command to the master of a key. */
  send(key: string, command: Command, signal: AbortSignal): Promise<unknown>;
  /** The same for keys whose commands share a connection. */
  laneOf(key: string): unknown;
  /**
   * Sends commands in order on one connection, each with keys of the lane of `key`, or none.
   * Resolves to their replies, with an error in the place of one that failed.
   */
  sendTogether(key: string, commands: readonly Command[]): Promise<readonly unknown[]>;
  /** The masters, for what goes over all keys. */
  masters(): Promise<readonly Master[]>;
  /** Resolves when the channel is subscribed to. The client is good for nothing else then. */
  subscribe(channel: string, listener: ChannelListener): Promise<void>;
  /** Resolves when a duplicate of the client is connected; rejects at the signal at the latest. */
  duplicate(signal: AbortSignal): Promise<Driver>;
  /** Calls back when the client has connected anew, or was closed. */
  onRenewal(listener: () => void): void;
  /** Closes the client, if it is the store's own. */
  close(): void;
}

/** The command surely did not leave the process. */
export class Unsent extends Error {}
