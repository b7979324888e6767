import { Pool } from "pg";
import { postgresStore } from "../../../src/stores/postgres/index.ts";
import { recordAt } from "../../../src/testing/store/fixtures.ts";

/** Uses a store that nobody has used before, at the same moment as others. */
const [, , url = "", table = ""] = process.argv;
const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
const store = postgresStore(pool, { table });
const call = { now: Date.now(), signal: new AbortController().signal };
process.send?.(await store.create(recordAt(call.now, { manager: "shop" }), call));
await pool.end();
process.disconnect?.();
