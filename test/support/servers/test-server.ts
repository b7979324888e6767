import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const READY_PATIENCE_MS = 30_000;
const STOP_PATIENCE_MS = 10_000;
const READY_INTERVAL_MS = 20;
const STOPPING_MS = 1_000;

/** What starts one program, with a port and a folder of its own. */
export interface ServerSpec {
  /** For messages, and in the folder's name. */
  readonly name: string;
  /** The program and its arguments; asked again at each restart. */
  command(place: Place): readonly [string, ...string[]];
  /** Makes what the first start needs, such as a database cluster. */
  readonly prepare?: (place: Place) => Promise<void>;
  /** Rejects as long as the server does not answer. Left out, accepting a connection is enough. */
  readonly ready?: (place: Place) => Promise<void>;
  /** Who runs it where the tests run as root: PostgreSQL refuses root. */
  readonly user?: string;
}

/** Where a server listens on 127.0.0.1, and keeps its data. */
export interface Place {
  readonly port: number;
  readonly folder: string;
}

/** A private server of one test file, which may kill, pause and restart it as it likes. */
export class TestServer implements Place {
  readonly port: number;
  readonly folder: string;
  readonly #spec: ServerSpec;
  #child: ChildProcess | undefined;
  #output = "";

  constructor(spec: ServerSpec, { port, folder }: Place) {
    this.#spec = spec;
    this.port = port;
    this.folder = folder;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it has printed since it was last started. */
  get output(): string {
    return this.#output;
  }

  /** Starts it, or starts it again on the same port and data, and resolves when it answers. */
  async start(): Promise<void> {
    const { user } = this.#spec;
    this.#output = "";
    // Whatever becomes of the tests, the kernel ends what they started.
    const wrapped = ["--pdeathsig", "KILL", ...runAs(user), "--", ...this.#spec.command(this)];
    const child = spawn("setpriv", wrapped, {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    this.#child = child;
    await this.#answering(child);
  }

  /** Ends it at once, as a loss of power would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Lets it finish what it is doing, and ends it. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** It keeps its connections and answers nothing until `resume`. */
  pause(): void {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#child?.kill("SIGSTOP") !== true) return;
    // The signal is delivered a little later, thread by thread, and on a busy machine an answer slips out.
    const endsAt = performance.now() + STOPPING_MS;
    while (!hasStopped(pid) && performance.now() < endsAt);
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #answering(child: ChildProcess): Promise<void> {
    const { name, ready = accepts } = this.#spec;
    const until = performance.now() + READY_PATIENCE_MS;
    for (;;) {
      const failure = await ready(this).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() > until) {
        child.kill("SIGKILL");
        throw new Error(`${name} does not start:\n${this.#output}`, { cause: failure });
      }
      await pause(READY_INTERVAL_MS);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGCONT");
    child.kill(signal);
    const patience = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
    await ended;
    clearTimeout(patience);
  }
}

/** Starts a server with a new folder and a free port. */
export async function startServer(
  spec: ServerSpec,
  wishes: Partial<Place> = {},
): Promise<TestServer> {
  const folder = wishes.folder ?? (await mkdtemp(join(tmpdir(), `sojourn-${spec.name}-`)));
  const owner = await identityOf(spec.user);
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const place = { folder, port: wishes.port ?? (await freePort()) };
  await spec.prepare?.(place);
  const server = new TestServer(spec, place);
  await server.start();
  return server;
}

/**
 * A port that nobody listens at. Below those that the kernel gives to outgoing connections, so
 * that a server finds it free again after a restart.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

/** `setpriv` arguments that give up root for a user. */
export function runAs(user: string | undefined): readonly string[] {
  if (user === undefined || process.getuid?.() !== 0) return [];
  return ["--reuid", user, "--regid", user, "--init-groups"];
}

async function identityOf(
  user: string | undefined,
): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (user === undefined || process.getuid?.() !== 0) return undefined;
  const accounts = await readFile("/etc/passwd", "utf8");
  const line = accounts.split("\n").find((account) => account.startsWith(`${user}:`));
  if (line === undefined) throw new Error(`There is no user ${user}.`);
  const [, , uid, gid] = line.split(":").map(Number);
  return { uid: Number(uid), gid: Number(gid) };
}

async function accepts({ port }: Place): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** Whether all threads of a process stand still, where the system tells. */
function hasStopped(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  return readdirSync(threads).every((thread) =>
    /\) [TtZX] /.test(readFileSync(`${threads}/${thread}/stat`, "utf8")),
  );
}
