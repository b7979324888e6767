import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newSecret } from "../../src/cli/new-secret.ts";
import { createSessions, type SessionStore, type Sessions, type Untyped } from "../../src/index.ts";
import { keyRing } from "../../src/sealing/turning/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { PLACES, type Place, type Servers } from "../laws/support/places.ts";
import { startMariadb } from "../support/servers/mariadb.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { sojournHere } from "./support/command.ts";

const KEY = newSecret();
let folder = "";
let servers: Servers;
let place: Place | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-autopsy-"));
  const [redis, postgres, mariadb] = await Promise.all([
    startRedis(),
    startPostgres(),
    startMariadb(),
  ]);
  servers = { redis, postgres, mariadb } as never;
  await writeFile(join(folder, "keys"), `${KEY}\n`);
}, 120_000);
afterEach(async () => {
  await place?.close();
  place = undefined;
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  const { redis, postgres, mariadb } = servers;
  await Promise.all([redis.stop(), postgres.server.stop(), mariadb.stop()]);
});

interface Scene {
  readonly sessions: Sessions<Untyped>;
  readonly browser: Browser;
  readonly token: string;
  /** A dump of the store as it is now. */
  dump(): Promise<string>;
}

async function scene(
  where: string,
  wrap: (store: SessionStore) => SessionStore | Promise<SessionStore>,
): Promise<Scene> {
  const open = PLACES[where];
  if (open === undefined) throw new Error(where);
  place = await open(servers);
  const store = await wrap(place.store);
  const sessions = createSessions<Untyped>({ store }) as Sessions<Untyped>;
  const browser = new Browser(sessions);
  await browser.visit(async (session) => {
    session.set("canary", "canary-value");
    await session.signIn("ada");
  });
  const held = place.held;
  return {
    ...{ sessions, browser, token: String(browser.token) },
    dump: async () => file("dump", await held()),
  };
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const bound = (store: SessionStore): SessionStore =>
  encrypted(store, KEY, { bindTo: "token" }) as SessionStore;

const autopsy = (...args: string[]): ReturnType<typeof sojournHere> =>
  sojournHere(["autopsy", ...args, "--keys", join(folder, "keys")]);

describe.each(["redis", "postgres", "mysql", "sqlite"])(
  "sessions bound to their tokens, in %s",
  (where) => {
    it("open with the store, the keys and the logs together for nobody, while they live", async () => {
      const { sessions, browser, dump } = await scene(where, bound);
      const [listed] = await sessions.list({ userId: "ada" });
      const log = await file("log", `signed in: ${JSON.stringify(listed)}\n`);
      const { code, stdout } = await autopsy("--dump", await dump(), "--log", log);
      expect(stdout).toContain("✓ no usable token, and no data");
      expect(stdout).toMatch(/closed: [1-9]\d* sealed to their tokens, 0 under/);
      expect(stdout).not.toContain("canary");
      expect(code).toBe(0);
      // And they do live.
      const { json } = await browser.visit((session) => session.get("canary"));
      expect(json).toBe("canary-value");
    });

    it("open where a log has the visitor's cookie", async () => {
      const { token, dump } = await scene(where, bound);
      const log = await file("log", `GET / cookie="a=b; __Host-Http-session=${token}; c=d"\n`);
      const { code, stdout } = await autopsy("--dump", await dump(), "--log", log);
      expect(code).toBe(1);
      expect(stdout).toContain("✗ token of s_");
      expect(stdout).toContain("✗ opened by the keys: the keys canary");
      expect(stdout).not.toContain("canary-value");
      expect(stdout).not.toContain(token);
      const shown = await autopsy("--dump", await dump(), "--log", log, "--show");
      expect(shown.stdout).toContain("canary-value");
      expect(shown.stdout).toContain(token);
    });
  },
);

describe("sojourn autopsy", () => {
  it.each<readonly [string, string, (token: string) => string | Uint8Array]>([
    ["text among more of its alphabet", "text", (token) => `xxAbc${token}Zyx-`],
    [
      "UTF-16, at an odd place",
      "UTF-16",
      (token) => Buffer.from(`\0${token}`, "utf16le").subarray(1),
    ],
    ["base64 of its bytes", "text", (token) => Buffer.from(token, "base64url").toString("base64")],
    [
      "hex of its bytes",
      "hexadecimal digits",
      (token) => Buffer.from(token, "base64url").toString("hex"),
    ],
    [
      "its bytes, among others",
      "32 bytes",
      (token) => Buffer.concat([randomBytes(7), Buffer.from(token, "base64url"), randomBytes(9)]),
    ],
    [
      "a header as base64",
      "within base64",
      (token) => Buffer.from(`Cookie: x=1; __Host-Http-session=${token}`).toString("base64"),
    ],
    [
      "a header as hex",
      "within hexadecimal digits",
      (token) => Buffer.from(`x=1; __Host-Http-session=${token}`).toString("hex"),
    ],
  ])("finds a token that was left behind as %s", async (_, spelling, spell) => {
    const { token, dump } = await scene("sqlite", bound);
    const spelled = Buffer.from(spell(token) as string);
    const core = await file("core", Buffer.concat([Buffer.alloc(5), spelled, Buffer.alloc(5)]));
    const { code, stdout } = await autopsy("--dump", await dump(), "--core", core, "--json");
    expect(code).toBe(1);
    const { tokens } = JSON.parse(stdout);
    expect(tokens.map((found: { spelling: string }) => found.spelling)).toContain(spelling);
  });

  it("finds a token that lies where two pieces of a large file meet", async () => {
    const { token, dump } = await scene("sqlite", bound);
    const core = Buffer.alloc(20 * 1_048_576);
    core.write(token, 8_388_608 - 20);
    const { stdout } = await autopsy(
      "--dump",
      await dump(),
      "--core",
      await file("core", core),
      "--json",
    );
    expect(JSON.parse(stdout).tokens).toMatchObject([{ spelling: "text", offset: 8_388_608 - 20 }]);
  });

  it("finds no token of a session that the dump does not have, nor of another manager", async () => {
    const { token, dump } = await scene("sqlite", bound);
    const log = await file("log", `${randomBytes(32).toString("base64url")} ${token}`);
    const other = await autopsy("--dump", await dump(), "--log", log, "--name", "admin");
    expect(other.code).toBe(0);
    expect((await autopsy("--dump", await dump(), "--log", log)).code).toBe(1);
  });

  it("opens what the keys alone seal, and says which keys of data are in it", async () => {
    const { dump } = await scene("postgres", (store) => encrypted(store, KEY) as SessionStore);
    const { code, stdout } = await autopsy("--dump", await dump());
    expect(code).toBe(1);
    expect(stdout).toContain("✗ opened by the keys: the keys canary");
    expect(stdout).not.toContain("canary-value");
    const without = await sojournHere(["autopsy", "--dump", await dump()]);
    expect(without.stdout).toMatch(
      /0 sealed to their tokens, [1-9]\d* under keys that are not here/,
    );
    expect(without.code).toBe(0);
  });

  it("unwraps a ring in the dump, and opens what its keys have sealed", async () => {
    const { dump } = await scene("redis", async (store) => {
      const ring = await keyRing({ store, rotateEvery: "30d", wrapWith: KEY });
      ring.close();
      return encrypted(store, ring) as SessionStore;
    });
    const { stdout } = await autopsy("--dump", await dump());
    expect(stdout).toContain("a key of a ring");
    expect(stdout).toContain("the keys canary");
  });

  it("takes no row without an id for data of the session in the row before", async () => {
    const id = `s_${"A".repeat(43)}`;
    const other = JSON.stringify({ name: "version", value: 2 });
    const dump = await file("dump", `${id} ended\n${other}\n`);
    const { stdout } = await autopsy("--dump", dump);
    expect(stdout).not.toContain("in plain");
  });

  it("finds data in plain: in a row, and beside an id in a log", async () => {
    const { dump, sessions } = await scene("redis", (store) => store);
    const { code, stdout } = await autopsy("--dump", await dump());
    expect([code, stdout.includes("✗ in plain beside s_")]).toEqual([1, true]);
    expect(stdout).toContain("the keys canary");
    expect(stdout).not.toContain("canary-value");
    const [listed] = await sessions.list({ userId: "ada" });
    const log = await file("log", `${listed?.id} holds {"card":"4111"}\n`);
    await place?.close();
    const hidden = await scene("sqlite", bound);
    const told = await autopsy("--dump", await hidden.dump(), "--log", log);
    expect(told.stdout).toContain("the keys card");
    expect(told.stdout).not.toContain("4111");
  });

  it("says what is missing", async () => {
    expect(await sojournHere(["autopsy"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--dump FILE or FOLDER"),
    });
    expect(await autopsy("--dump", join(folder, "nowhere"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("cannot be read (ENOENT)"),
    });
  });
});
