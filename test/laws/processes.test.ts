import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { times } from "./support/world.ts";

const SERVER = fileURLToPath(new URL("./support/server.ts", import.meta.url));

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

let folder = "";
let servers: Server[] = [];
let cookie = "";

async function start(): Promise<Server> {
  const child = fork(SERVER, [join(folder, "sessions.db")], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const [port] = await once(child, "message");
  return { child, port: Number(port) };
}

/** What a process answers, or `undefined` where it died before it did. */
async function ask({ port }: Server, target: string): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/${target}`, { headers: { cookie } });
    const [line] = response.headers.getSetCookie();
    if (line !== undefined) cookie = line.split(";", 1)[0] ?? "";
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${target}: ${response.status} ${text}`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const serverOf = (n: number): Server => servers[n % servers.length] as Server;

describe("four processes that share one SQLite file", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sojourn-laws-"));
    servers = await times(4, start);
  });

  beforeEach(async () => {
    cookie = "";
    await ask(serverOf(0), "set/seen");
  });

  afterAll(async () => {
    for (const { child } of servers) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  it("keep fifty keys set at the same moment through one cookie", async () => {
    await times(50, (n) => ask(serverOf(n), `set/key${n}`));
    expect(Object.keys((await ask(serverOf(1), "sum")) as object)).toHaveLength(51);
  });

  it("count fifty updates exactly, each with a number of its own", async () => {
    const numbers = await times(50, (n) => ask(serverOf(n), "add"));
    const sorted = numbers.map(Number).sort((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect(await ask(serverOf(2), "sum")).toMatchObject({ n: 50 });
  });

  it("agree at once that a token is dead", async () => {
    const before = cookie;
    await ask(serverOf(0), "sign-in");
    expect(cookie).not.toBe(before);
    cookie = before;
    const seen = await times(4, (n) => ask(serverOf(n), "sum"));
    expect(seen).toEqual([{}, {}, {}, {}]);
  });

  it("lose nothing that was acknowledged when one is killed in the middle", async () => {
    const victim = serverOf(0);
    const acknowledged: number[] = [];
    const exited = once(victim.child, "exit");
    const asking = times(200, async (n) => {
      const number = await ask(serverOf(n), "add");
      if (number !== undefined) acknowledged.push(Number(number));
      if (acknowledged.length === 60) victim.child.kill("SIGKILL");
    });
    await Promise.all([asking, exited]);
    servers.shift();
    const { n } = (await ask(serverOf(1), "sum")) as { n: number };
    // What the dead one had not answered may be there, at most once; the rest is, exactly once.
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(acknowledged.length).toBeGreaterThanOrEqual(150);
    expect(n).toBeGreaterThanOrEqual(Math.max(...acknowledged));
    expect(n).toBeLessThanOrEqual(200);
    expect(n).toBeGreaterThanOrEqual(acknowledged.length);
  });
});
