import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

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

/** The people who have an account. */
export interface Accounts {
  /** Adds a user. Resolves to `undefined`, changing nothing, when the e-mail has an account. */
  register(registration: Registration): Promise<User | undefined>;
  /** The user with this e-mail and password. Takes as long where there is no such user. */
  authenticate(email: string, password: string): Promise<User | undefined>;
  find(id: string): User | undefined;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT`;

export function openAccounts(database: DatabaseSync): Accounts {
  database.exec(TABLE);
  const insert = database.prepare(
    "INSERT INTO users (id, email, name, salt, hash) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const byEmail = database.prepare("SELECT * FROM users WHERE email = ?");
  const byId = database.prepare("SELECT * FROM users WHERE id = ?");

  return {
    async register({ name, email, password }) {
      const user = { id: randomUUID(), name, email };
      const salt = randomBytes(16);
      const hash = await hashPassword(password, salt);
      const { changes } = insert.run(user.id, email, name, salt, hash);
      return changes === 1 ? user : undefined;
    },
    async authenticate(email, password) {
      const row = byEmail.get(email) as unknown as Row | undefined;
      const { salt, hash } = row ?? NOBODY;
      const isRight = timingSafeEqual(await hashPassword(password, salt), hash);
      return isRight && row !== undefined ? userIn(row) : undefined;
    },
    find(id) {
      const row = byId.get(id) as unknown as Row | undefined;
      return row && userIn(row);
    },
  };
}

interface Row extends User {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

const HASH_BYTES = 32;

/** Stands in for a user who does not exist, so that the answer takes as long. */
const NOBODY = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

/** The parameters of the OWASP Password Storage Cheat Sheet: 128 MiB of memory for each try. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

function hashPassword(password: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard is the same password.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, SCRYPT, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });
}

function userIn({ id, name, email }: Row): User {
  return { id, name, email };
}
