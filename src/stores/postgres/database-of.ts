import type { Random } from "../../core/waiting.ts";
import type { Recognized } from "./clients.ts";
import type { Database } from "./database.ts";
import { pgClientDatabase } from "./pg-client.ts";
import { pgPoolDatabase } from "./pg-pool.ts";
import { pgliteDatabase } from "./pglite.ts";
import { postgresJsDatabase } from "./postgres-js.ts";
import { RenewedSql } from "./renewed-sql.ts";

/** The database that a client leads to. */
export function databaseOf(driver: Recognized, random: Random): Database {
  switch (driver.kind) {
    case "pool":
      return pgPoolDatabase(driver.client, random);
    case "client":
      return pgClientDatabase(driver.client);
    case "postgres.js":
      return postgresJsDatabase(driver.client);
    case "postgres.js factory":
      return new RenewedSql(driver.client, driver.first);
    case "pglite":
      return pgliteDatabase(driver.client);
    default:
      return driver satisfies never;
  }
}
