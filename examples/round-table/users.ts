import type { DatabaseSync } from "node:sqlite";

/** Tells people by their names, whatever a neighbour's sessions call them. */
export interface Users {
  idOf(name: string): string | undefined;
  nameOf(id: string): string | undefined;
}

/** Where the id is the name. */
export const namedUsers: Users = {
  idOf: (name) => name,
  nameOf: (id) => id,
};

/** Django's sessions name users by number. */
export interface NumberedUsers extends Users {
  /** Its hash is part of each session: a new password ends all of that user's. */
  passwordOf(id: string): Promise<string | undefined>;
}

/** The users as Django's own table has them. */
export function djangoUsers(database: DatabaseSync): NumberedUsers {
  const ask = (sql: string, value: string): string | undefined =>
    database.prepare(sql).get(value)?.["answer"] as string | undefined;
  return {
    idOf: (name) =>
      ask("SELECT CAST(id AS TEXT) AS answer FROM auth_user WHERE username = ?", name),
    nameOf: (id) => ask("SELECT username AS answer FROM auth_user WHERE id = ?", id),
    passwordOf: async (id) =>
      ask("SELECT password AS answer FROM auth_user WHERE id = ? AND is_active", id),
  };
}
