import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { DjangoSessionData } from "../../../src/interop/django/django-session-data.ts";
import { djangoSessions } from "../../../src/interop/django/index.ts";
import { PyDict } from "../../../src/interop/python/values.ts";
import { Browser } from "../../laws/support/browser.ts";

const KEY = "k".repeat(32);
const START = Date.UTC(2026, 0, 31, 12);
const DAY_MS = 86_400_000;
const secretKey = "secret";

let folder: string;
let now: number;
let browser: Browser;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "django-"));
  now = START;
});
afterEach(() => rm(folder, { recursive: true }));

async function put(version: "2.2" | "4.0"): Promise<void> {
  const passwordOf = async (): Promise<undefined> => undefined;
  const store = djangoSessions({ engine: "file", folder, secretKey, version, passwordOf });
  browser = new Browser(createSessions({ store, clock: { now: () => now } }), [["sessionid", KEY]]);
  const data = new DjangoSessionData({ secretKey, version });
  const written = data.write(new PyDict([["a", 1]]), START);
  await writeFile(join(folder, `sessionid${KEY}`), written.ok ? written.text : "");
  await utimes(join(folder, `sessionid${KEY}`), START / 1_000, START / 1_000);
}

it.each(["2.2", "4.0"] as const)(
  "a file of Django %s ends so long after it was written",
  async (version) => {
    await put(version);
    now = START + 14 * DAY_MS - 1;
    expect((await browser.visit((session) => session.get("a"))).json).toBe(1);
    now = START + 14 * DAY_MS;
    expect((await browser.visit((session) => session.get("a") ?? null)).json).toBe(null);
  },
);

it("a file that Django is about to fill is no session yet, and left to it", async () => {
  await put("4.0");
  const path = join(folder, `sessionid${KEY}`);
  await writeFile(path, "");
  expect((await browser.visit((session) => session.get("a") ?? null)).json).toBe(null);
  expect(await readFile(path, "utf8")).toBe("");
});
