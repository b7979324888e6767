import type { PgQuery, PgQueryable, PostgresValue } from "./clients.ts";
import type { Row, Statement } from "./database.ts";
import { isUnprepared } from "./failure.ts";

/** Sends queries to clients of `pg`. */
export class PgSender {
  // Poolers that hand one server connection to many clients may not know the names that we give:
  // PgBouncer before 1.21 in transaction mode. Then statements go out unnamed from there on.
  #isNaming = true;

  async send(
    client: PgQueryable,
    { name, text }: Statement,
    values: readonly PostgresValue[],
  ): Promise<readonly Row[]> {
    const query: PgQuery = { text, values: [...values], rowMode: "array" };
    try {
      const isNamed = this.#isNaming && name !== undefined;
      const { rows } = await client.query(isNamed ? { ...query, name } : query);
      return rows;
    } catch (error) {
      if (isUnprepared(error)) this.#isNaming = false;
      throw error;
    }
  }
}

/** Without a name and values, `pg` sends a text that may hold several statements. */
export async function sendScript(client: PgQueryable, text: string): Promise<void> {
  await client.query({ text, values: [], rowMode: "array" });
}
