import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { hashPassword } from "./passwords.ts";

/** Somebody with an account. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** What a new user tells the shop. */
interface Registration {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/**
 * The people who have an account.
 *
 * Nobody shows here that an e-mail is theirs, so an account belongs to an e-mail and a password
 * together, and several people may name the same e-mail. Neither registering nor signing in tells
 * whether an e-mail is known, by its answer or by its time: each costs one hash.
 */
export interface Accounts {
  /** Adds a user. Whoever names an e-mail and password that are here already is that user. */
  register(registration: Registration): Promise<User>;
  /** The user with this e-mail and password. */
  authenticate(email: string, password: string): Promise<User | undefined>;
  find(id: string): User | undefined;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (email, hash)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS salt_key (only INTEGER PRIMARY KEY CHECK (only = 1), key BLOB NOT NULL) STRICT`;

export function openAccounts(database: DatabaseSync): Accounts {
  database.exec(TABLES);
  const hashOf = hasherFor(database);
  const insert = database.prepare(
    "INSERT INTO accounts (id, email, name, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const byHash = database.prepare(
    "SELECT id, name, email FROM accounts WHERE email = ? AND hash = ?",
  );
  const byId = database.prepare("SELECT id, name, email FROM accounts WHERE id = ?");

  return {
    async register({ name, email, password }) {
      const hash = await hashOf(email, password);
      insert.run(randomUUID(), email, name, hash);
      return byHash.get(email, hash) as unknown as User;
    },
    async authenticate(email, password) {
      const hash = await hashOf(email, password);
      return byHash.get(email, hash) as unknown as User | undefined;
    },
    find(id) {
      return byId.get(id) as unknown as User | undefined;
    },
  };
}

/**
 * The salt of an e-mail is derived rather than stored: the same at every try, of a known e-mail as
 * of an unknown one, and of no use to anybody without this shop's own key.
 */
function hasherFor(
  database: DatabaseSync,
): (email: string, password: string) => Promise<Uint8Array> {
  const insert = database.prepare("INSERT INTO salt_key VALUES (1, ?) ON CONFLICT DO NOTHING");
  insert.run(randomBytes(32));
  const { key } = database.prepare("SELECT key FROM salt_key").get() as { key: Uint8Array };
  return (email, password) =>
    hashPassword(password, createHmac("sha256", key).update(email).digest());
}
