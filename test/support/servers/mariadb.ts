import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import { type Place, runAs, type ServerSpec, startServer, type TestServer } from "./test-server.ts";

const run = promisify(execFile);

/** The account that MariaDB's package makes. */
const USER = "mysql";
/** Debian puts it where only root looks. */
const PROGRAM = existsSync("/usr/sbin/mariadbd") ? "/usr/sbin/mariadbd" : "mariadbd";
const READY_MS = 5_000;

/** Starts a MariaDB server, whose user `root` needs no password and whose database is `shop`. */
export function startMariadb(settings: readonly string[] = []): Promise<TestServer> {
  return startServer(specOf(settings));
}

/** How to connect to it. */
export function mariadbAddress({ port }: Place): {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
} {
  return { host: "127.0.0.1", port, user: "root", database: "shop" };
}

function specOf(settings: readonly string[]): ServerSpec {
  return {
    name: "mariadb",
    user: USER,
    async prepare({ folder }) {
      const account = runAs(USER).length === 0 ? [] : [`--user=${USER}`];
      await run("mariadb-install-db", [
        "--no-defaults",
        `--datadir=${folder}/data`,
        `--tmpdir=${folder}`,
        "--auth-root-authentication-method=normal",
        "--skip-name-resolve",
        ...account,
      ]);
    },
    command: ({ folder, port }) => [
      PROGRAM,
      "--no-defaults",
      `--datadir=${folder}/data`,
      // Two servers that share one break each other's temporary tables.
      `--tmpdir=${folder}`,
      `--socket=${folder}/mariadb.sock`,
      `--pid-file=${folder}/mariadb.pid`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      "--innodb-buffer-pool-size=64M",
      ...settings,
    ],
    async ready(place) {
      const address = { ...mariadbAddress(place), database: "" };
      const connection = await createConnection({ ...address, connectTimeout: READY_MS });
      try {
        await connection.query("CREATE DATABASE IF NOT EXISTS shop");
      } finally {
        await connection.end();
      }
    },
  };
}
