import type { Project, StoreSetup } from "./setup.ts";

/** One file, no server, and nothing to install. */
export const SQLITE: StoreSetup = {
  name: "sqlite",
  imports: ['import { sqliteStore } from "sojourn/sqlite";'],
  statements: [],
  expression: 'sqliteStore("sessions.db")',
  driver: undefined,
};

const REDIS: StoreSetup = {
  name: "redis",
  imports: ['import { Redis } from "ioredis";', 'import { redisStore } from "sojourn/redis";'],
  statements: [
    'const url = process.env["REDIS_URL"] ?? "redis://localhost:6379";',
    "// It connects at the first request, so that a build needs no Redis.",
    "const redis = new Redis(url, { lazyConnect: true });",
    'redis.on("error", (error) => console.error(error));',
  ],
  expression: "redisStore(redis)",
  driver: "ioredis",
};

const POSTGRES: StoreSetup = {
  name: "postgres",
  imports: ['import pg from "pg";', 'import { postgresStore } from "sojourn/postgres";'],
  statements: [
    'const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"] });',
    'pool.on("error", (error) => console.error(error));',
  ],
  expression: "postgresStore(pool)",
  driver: "pg",
};

const MYSQL: StoreSetup = {
  name: "mysql",
  imports: [
    'import { createPool } from "mysql2/promise";',
    'import { mysqlStore } from "sojourn/mysql";',
  ],
  statements: ['const pool = createPool(process.env["DATABASE_URL"] ?? "mysql://localhost/app");'],
  expression: "mysqlStore(pool)",
  driver: "mysql2",
};

/** Those that `--store` names, the one that is taken where nothing tells first. */
export const STORES: readonly StoreSetup[] = [SQLITE, REDIS, POSTGRES, MYSQL];

/** What the project has a driver for already; one file otherwise. */
export function storeFor({ dependencies }: Project): StoreSetup {
  const isThere = ({ driver }: StoreSetup): boolean =>
    driver !== undefined && Object.hasOwn(dependencies, driver);
  return STORES.find(isThere) ?? SQLITE;
}
