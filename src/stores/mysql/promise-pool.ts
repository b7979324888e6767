import { OptionsError } from "../../core/errors.ts";
import type { MysqlPool, MysqlPromisePool } from "./pool.ts";

/** The pool with methods that give promises. @throws {@link OptionsError} if it is none of `mysql2`. */
export function promisePool(pool: MysqlPool): MysqlPromisePool {
  const isPool = typeof pool === "object" && pool !== null && "getConnection" in pool;
  if (isPool && "promise" in pool && typeof pool.promise === "function") return pool.promise();
  // A function that declares a parameter wants a callback: a pool of the older `mysql`.
  if (isPool && isPromisePool(pool)) return pool;
  throw new OptionsError(
    "mysqlStore(pool)",
    'takes a pool: createPool(…) of "mysql2" or of "mysql2/promise". A single connection would ' +
      "make every session wait for every other.",
  );
}

function isPromisePool(pool: MysqlPool): pool is MysqlPromisePool {
  const { getConnection } = pool as Partial<MysqlPromisePool>;
  return typeof getConnection === "function" && getConnection.length === 0;
}
