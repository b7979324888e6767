import { execFile } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { runAs, type ServerSpec, startServer, type TestServer } from "./test-server.ts";

const run = promisify(execFile);

const USER = "postgres";
const DEBIAN = "/usr/lib/postgresql";

/** A private PostgreSQL. Its superuser is `postgres`, without a password, and so is a database. */
export interface PostgresServer {
  readonly server: TestServer;
  readonly url: string;
  /** Ends the server and all its processes at once, without a last word to the disk. */
  crash(): Promise<void>;
}

/** Starts a PostgreSQL. It does not sync, to save time; a killed process loses nothing by that. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const programs = await programFolder();
  const server = await startServer(specOf(programs, { fsync: "off", ...settings }));
  return { server, url: urlOf(server), crash: () => crash(server) };
}

function urlOf({ port }: { readonly port: number }): string {
  return `postgres://${USER}@127.0.0.1:${port}/postgres`;
}

function specOf(programs: string, settings: Readonly<Record<string, string>>): ServerSpec {
  return {
    name: "postgres",
    user: USER,
    async prepare({ folder }) {
      const cluster = join(folder, "data");
      const wishes = ["--auth", "trust", "--username", USER, "--encoding", "UTF8", "--no-sync"];
      const initdb = [join(programs, "initdb"), ...wishes, "--locale", "C", "-D", cluster];
      await run("setpriv", [...runAs(USER), "--", ...initdb], { cwd: folder });
    },
    command({ port, folder }) {
      const given = {
        port: String(port),
        listen_addresses: "127.0.0.1",
        unix_socket_directories: folder,
        max_connections: "100",
        ...settings,
      };
      const options = Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      return [join(programs, "postgres"), "-D", join(folder, "data"), ...options];
    },
    async ready(place) {
      const client = new Client({ connectionString: urlOf(place), connectionTimeoutMillis: 5_000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.query("SELECT 1");
      } finally {
        await client.end();
      }
    },
  };
}

/** Where `postgres` and `initdb` lie: the newest of Debian's versions, or on the PATH. */
async function programFolder(): Promise<string> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newestFirst = versions.sort((one, other) => Number(other) - Number(one));
  const debian = newestFirst.map((version) => join(DEBIAN, version, "bin"));
  for (const folder of [...debian, ...(process.env["PATH"] ?? "").split(delimiter)]) {
    const isThere = await access(join(folder, "initdb")).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
  }
  throw new Error("There is no PostgreSQL: install the package postgresql.");
}

/** A restart finds the shared memory in use as long as one of them is left. */
async function crash(server: TestServer): Promise<void> {
  const backends = await childrenOf(server.pid);
  await server.kill();
  for (const pid of backends) endNow(pid);
  while ((await Promise.all(backends.map(isAlive))).includes(true)) await pause(5);
}

async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, with the server.
  }
}

async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^State:\s+[^ZX]/m.test(status);
}
