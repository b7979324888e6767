import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type TestServer } from "./test-server.ts";

/** Debian puts it where only root looks. */
const PROGRAM = existsSync("/usr/sbin/pgbouncer") ? "/usr/sbin/pgbouncer" : "pgbouncer";

/** A private PgBouncer, which lends each of its few connections for a transaction. */
export interface Pooler {
  readonly server: TestServer;
  readonly url: string;
}

/** Starts one in front of the PostgreSQL at that port. */
export async function startPgbouncer(behind: number): Promise<Pooler> {
  const server = await startServer({
    name: "pgbouncer",
    user: "postgres",
    async prepare({ port, folder }) {
      const settings = `
[databases]
postgres = host=127.0.0.1 port=${behind} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
`;
      await writeFile(join(folder, "pgbouncer.ini"), settings);
    },
    command: ({ folder }) => [PROGRAM, join(folder, "pgbouncer.ini")],
  });
  return { server, url: `postgres://postgres@127.0.0.1:${server.port}/postgres` };
}
