import type { PgClient } from "./clients.ts";

/** What the server says of a connection behind each answer: in a transaction, or in a failed one. */
const OPEN: ReadonlySet<unknown> = new Set(["T", "E"]);

/** What was said last, where `pg` does not remember it, as in older releases. */
const statuses = new WeakMap<object, { status: unknown }>();

/**
 * Whether a client was left in the middle of a transaction, as far as the server has said yet: what is
 * under way may begin or end one. `pg-native` says nothing in older releases.
 */
export function isInTransaction(client: PgClient): boolean {
  return OPEN.has(statusOf(client));
}

/** Whether an answer is still under way, to whomever. */
export function isAwaiting(client: PgClient): boolean {
  return Reflect.get(client, "readyForQuery") === false;
}

/** Notes what the server says from now on, where `pg` does not. */
export function attend(client: PgClient): void {
  if (remembers(client) || statuses.has(client)) return;
  const latest: { status: unknown } = { status: undefined };
  statuses.set(client, latest);
  const connection: unknown = Reflect.get(client, "connection");
  if (!isEmitter(connection)) return;
  connection.on("readyForQuery", (message) => {
    latest.status = message?.status;
  });
}

function statusOf(client: PgClient): unknown {
  return remembers(client) ? client.getTransactionStatus() : statuses.get(client)?.status;
}

function remembers(client: PgClient): client is PgClient & { getTransactionStatus(): unknown } {
  return typeof client.getTransactionStatus === "function";
}

interface Emitter {
  on(event: "readyForQuery", listener: (message: { readonly status?: unknown }) => void): unknown;
}

function isEmitter(value: unknown): value is Emitter {
  return typeof Object(value).on === "function";
}
