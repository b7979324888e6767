import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createSessions,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { fileStore } from "../../../src/stores/file/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { startRedis } from "../../support/servers/redis.ts";

let folder: string;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-advisories-"));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

function over(store: SessionStore): Sessions<Untyped> {
  const sessions = createSessions<Untyped>({ store, onError: () => undefined });
  closing.push(async () => {
    await sessions.close();
    await store.close?.();
  });
  return sessions as Sessions<Untyped>;
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.map(({ parentPath, name }) => join(parentPath, name)).sort();
}

const OUTSIDE = [
  "../decoy",
  "..%2fdecoy",
  "..\\decoy",
  "/decoy",
  "decoy\0",
  "....//decoy",
  "%2e%2e/decoy",
];

describe("sessions in files", () => {
  it("CVE-2025-24813, CVE-2020-9484, CVE-2021-25329, CVE-2022-23181: have no name that a client has chosen", async () => {
    const path = join(folder, "sessions");
    const browser = new Browser(over(fileStore(path)));
    await browser.visit((session) => session.signIn("ada"));
    // A session's own files, uploaded to where a cookie may point.
    await cp(path, join(folder, "decoy"), { recursive: true });
    const [file = ""] = (await filesIn(path)).filter((name) => name.includes("s_"));
    const absolute = `${"../".repeat(20)}${file.slice(1)}`;
    const before = await filesIn(folder);
    for (const text of [...OUTSIDE, absolute, file, file.split("/").at(-1) ?? ""]) {
      const other = browser.copy();
      other.token = text.replace("\0", "%00");
      const { status, json } = await other.visit((session) => session.userId ?? null);
      expect([status, json]).toEqual([200, null]);
    }
    expect(await filesIn(folder)).toEqual(before);
    // Nor does a name tell what would open the session.
    expect(before.join("\n")).not.toContain(browser.token);
  });

  it("CVE-2025-24813, CVE-2020-9484: are refused where somebody else has written them, under keys", async () => {
    const keys = [randomBytes(32).toString("base64url")];
    const path = join(folder, "sessions");
    const planted = new Browser(over(fileStore(path)));
    await planted.visit((session) => session.signIn("root"));
    const sealed = new Browser(over(encrypted(fileStore(path), keys)));
    const genuine = sealed.copy();
    await genuine.visit((session) => session.signIn("eve"));
    const userOf = async (browser: Browser): Promise<unknown> => {
      const { status, text } = await browser.visit((session) => session.userId ?? null);
      return status === 200 ? JSON.parse(text) : status;
    };
    expect(await userOf(genuine)).toBe("eve");
    // Whole, by who knows its token; or one's own, with another user in it.
    expect(await userOf(planted.copy(sealed.sessions))).toBe(503);
    for (const file of (await filesIn(path)).filter((name) => name.includes("s_"))) {
      const text = await readFile(file, "utf8").catch(() => "");
      if (text.includes('"eve"')) await writeFile(file, text.replace('"eve"', '"root"'));
    }
    expect(await userOf(genuine)).toBe(503);
  });
});

describe("a store that is shared with the application's cache", () => {
  it("CVE-2011-4136: takes nothing for a session that the application has put there", async () => {
    const server = await startRedis();
    const client = new Redis(server.port, "127.0.0.1").on("error", () => undefined);
    closing.push(
      () => server.stop(),
      () => client.disconnect(),
    );
    const mallory = new Browser(over(redisStore(client)));
    await mallory.visit((session) => session.signIn("mallo"));
    const id = String((await mallory.visit((session) => session.id)).json);
    const [key = "", ...others] = (await client.keys("*")).filter((name) => name.endsWith(id));
    expect([key, others]).toEqual([`sojourn:${id}`, []]);
    // The cache keeps, under names that visitors choose, what visitors send.
    const text = (await client.get(key)) ?? "";
    const forged = text.replaceAll("mallo", "admin");
    expect(forged).not.toBe(text);
    await client.del(key);
    for (const name of [id, String(mallory.token), `sess:${id}`, `:${id}`]) {
      await client.set(name, forged);
    }
    expect((await mallory.visit((session) => session.userId ?? null)).json).toBeNull();
    // It is the name alone that keeps it out.
    await client.set(key, forged);
    expect((await mallory.visit((session) => session.userId ?? null)).json).toBe("admin");
  });
});
