import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";

const APPLICATION = fileURLToPath(new URL("./ten-routes/application.ts", import.meta.url));
const USERS = ["ada", "bob", "cleo", "dan"];

type Library = "express-session" | "drop-in";
type Kept = "theirs" | "moving" | "ours";

let redis: TestServer;
let processes: ChildProcess[];
/** Each user's cookie: browsers keep it while the application is started anew. */
let cookies: Map<string, string>;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => {
  processes = [];
  cookies = new Map();
});
afterEach(() => {
  for (const child of processes) child.kill("SIGKILL");
});

class Running {
  readonly #child: ChildProcess;
  readonly #origin: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#origin = `http://127.0.0.1:${port}`;
  }

  static async start(library: Library, kept: Kept): Promise<Running> {
    const child = fork(APPLICATION, [String(redis.port), library, kept]);
    processes.push(child);
    const [port] = await once(child, "message");
    return new Running(child, port as number);
  }

  async ask(user: string, path: string, method = "GET", body?: string): Promise<string> {
    const cookie = cookies.get(user);
    const headers = {
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    };
    const response = await fetch(this.#origin + path, { method, headers, body: body ?? null });
    const [line] = response.headers.getSetCookie();
    if (line !== undefined) cookies.set(user, line.split(";", 1)[0] ?? "");
    const text = await response.text();
    if (response.status >= 500) throw new Error(text);
    return text;
  }

  /** What everybody is greeted with, at the same time. */
  async greetings(): Promise<string[]> {
    return Promise.all(USERS.map((user) => this.ask(user, "/")));
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

const EVERYBODY = USERS.map((user) => `Hello ${user}`);

async function signInAll(application: Running): Promise<void> {
  for (const user of USERS) {
    await application.ask(user, "/cart/tea", "POST");
    await application.ask(user, "/sign-in", "POST", `username=${user}&password=right`);
  }
}

describe("an application of ten routes, passport and connect-redis", () => {
  it("keeps everybody signed in to the drop-in, back, and forward to our store", async () => {
    const before = await Running.start("express-session", "theirs");
    await signInAll(before);
    expect(await before.greetings()).toEqual(EVERYBODY);
    const held = new Map(cookies);
    await before.kill();

    const steps: readonly (readonly [Library, Kept])[] = [
      ["drop-in", "theirs"],
      ["express-session", "theirs"],
      ["drop-in", "moving"],
      ["express-session", "theirs"],
      ["drop-in", "moving"],
      ["drop-in", "ours"],
    ];
    for (const [library, kept] of steps) {
      const application = await Running.start(library, kept);
      expect(await application.greetings()).toEqual(EVERYBODY);
      await application.ask("ada", `/cart/${library}-${kept}`, "POST");
      await application.kill();
    }
    const after = await Running.start("drop-in", "ours");
    const bought = steps.map(([library, kept]) => `${library}-${kept}`);
    expect(JSON.parse(await after.ask("ada", "/cart"))).toEqual(["tea", ...bought]);
    // The same sessions: nobody was given another cookie's value.
    const idIn = (line = ""): string => line.split(".")[0] ?? "";
    for (const user of USERS) expect(idIn(cookies.get(user))).toBe(idIn(held.get(user)));
  });

  it("loses nothing that was acknowledged, and nobody, when it is killed while sessions move", async () => {
    const before = await Running.start("express-session", "theirs");
    await signInAll(before);
    const moving = await Running.start("drop-in", "moving");
    const acknowledged: string[] = [];
    const writes = Array.from({ length: 60 }, async (_, index) => {
      const user = USERS[index % USERS.length] ?? "ada";
      await moving.ask(user, `/settings/${user}-${index}/on`, "POST");
      acknowledged.push(`${user}-${index}`);
      if (acknowledged.length === 25) await moving.kill();
    });
    await Promise.allSettled(writes);
    expect(acknowledged.length).toBeGreaterThan(20);

    const again = await Running.start("drop-in", "moving");
    expect(await again.greetings()).toEqual(EVERYBODY);
    const kept = new Set<string>();
    for (const user of USERS) {
      for (const key of JSON.parse(await again.ask(user, "/settings")) as string[]) kept.add(key);
    }
    expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
    expect(await before.greetings()).toEqual(EVERYBODY);
  });

  it("signs out at once at every process, whichever of them was asked", async () => {
    const before = await Running.start("express-session", "theirs");
    await signInAll(before);
    const moving = await Running.start("drop-in", "moving");
    expect(await moving.greetings()).toEqual(EVERYBODY);
    const cookie = cookies.get("ada") ?? "";
    await before.ask("ada", "/sign-out", "POST");
    const bobs = cookies.get("bob") ?? "";
    await moving.ask("bob", "/sign-out", "POST");
    for (const stolen of [cookie, bobs]) {
      cookies.set("eve", stolen);
      expect(await moving.ask("eve", "/")).toBe("Hello stranger");
      cookies.set("eve", stolen);
      expect(await before.ask("eve", "/")).toBe("Hello stranger");
    }
  });
});
