import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../packaging/support/project.ts";
import { type Reading, readingOf, type SealedText } from "./site/sealing.ts";
import { siteFolder } from "./support/folder.ts";
import {
  BUN,
  cloudflare,
  DENO,
  node,
  type RunningSite,
  type Runtime,
  startSite,
} from "./support/runtime.ts";
import { Visitor } from "./support/visitor.ts";

const RUNTIMES: readonly Runtime[] = [
  node("22"),
  node("24"),
  node("26"),
  BUN,
  DENO,
  // The oldest that has what the library needs, and one of today.
  cloudflare({ date: "2024-09-23", flags: ["nodejs_compat"] }),
  cloudflare({ date: "2026-10-20", flags: [] }),
];

const HTTPS = { "x-forwarded-proto": "https" };
const PLAIN_COOKIE = /^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/;
const COOKIE = /^__Host-Http-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/;

const SEALED: readonly SealedText[] = JSON.parse(
  readFileSync(join(ROOT, "docs/sealed-vectors.json"), "utf8"),
);

let folder: string;

beforeAll(() => {
  folder = siteFolder();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(RUNTIMES)("a site on $name", (runtime) => {
  let site: RunningSite;
  const visitor = (area: string): Visitor => new Visitor(site.origin + area, HTTPS);

  // A Node may have to be fetched from the registry first.
  beforeAll(async () => {
    site = await startSite(runtime, folder);
  }, 180_000);

  afterAll(async () => {
    await site?.stop();
  });

  describe.each(["/web", "/hono", "/slow"])("at %s", (area) => {
    it("counts visits, signs in and out, and refuses each old cookie", async () => {
      const anna = visitor(area);
      const first = await anna.get("/visit");
      expect(first).toMatchObject({ status: 200, body: { visits: 1 } });
      expect(first.cookies).toEqual([expect.stringMatching(COOKIE)]);

      const anonymous = anna.copy();
      expect(await anna.get("/sign-in")).toMatchObject({ body: { userId: "u1" } });
      expect(anna.cookie).not.toBe(anonymous.cookie);
      expect(await anna.get("/visit")).toMatchObject({ body: { visits: 2, userId: "u1" } });
      expect((await anonymous.get("/read")).body).toBeNull();

      const before = anna.copy();
      await anna.get("/regenerate");
      expect(anna.cookie).not.toBe(before.cookie);
      expect(await anna.get("/devices")).toMatchObject({ body: 1 });
      expect((await before.get("/read")).body).toBeNull();

      const thief = anna.copy();
      await anna.get("/sign-out");
      expect((await thief.get("/read")).body).toBeNull();
      expect((await anna.get("/read")).body).toEqual({ visits: 2, theme: "light" });
      await anna.get("/destroy");
      expect(anna.cookie).toBe("");
    });

    it("shows a message once", async () => {
      const anna = visitor(area);
      await anna.get("/sign-in");
      expect((await anna.get("/notice")).body).toBe("Welcome");
      expect((await anna.get("/notice")).body).toBeNull();
    });

    it("loses no visit of many at once", async () => {
      const anna = visitor(area);
      await anna.get("/visit");
      await Promise.all(Array.from({ length: 20 }, () => anna.copy().get("/visit")));
      expect(await anna.get("/visit")).toMatchObject({ body: { visits: 22 } });
    });

    it("stores what changes while the answer streams", async () => {
      const anna = visitor(area);
      await anna.get("/visit");
      expect((await anna.get("/stream")).body).toBe("one,two");
      expect((await anna.get("/read")).body).toEqual({ visits: 1, theme: "dark" });
    });

    it("sends nothing to who stores nothing", async () => {
      expect(await visitor(area).get("/untouched")).toMatchObject({ cookies: [], body: {} });
      expect(await visitor(area).get("/read")).toMatchObject({ cookies: [], body: null });
    });
  });

  it("keeps sessions in cookies, and ends the copies at sign-out", async () => {
    const anna = visitor("/cookie");
    expect(await anna.get("/visit")).toMatchObject({ status: 200, body: { visits: 1 } });
    expect(await anna.get("/sign-in")).toMatchObject({ body: { userId: "u1" } });
    expect((await anna.get("/notice")).body).toBe("Welcome");
    expect((await anna.get("/notice")).body).toBeNull();
    expect(await anna.get("/visit")).toMatchObject({ body: { visits: 2, userId: "u1" } });

    const before = anna.copy();
    await anna.get("/regenerate");
    expect((await before.get("/read")).body).toBeNull();
    const thief = anna.copy();
    expect((await thief.get("/read")).body).toMatchObject({ visits: 2, userId: "u1" });
    await anna.get("/sign-out");
    expect((await thief.get("/read")).body).toBeNull();
    expect(await thief.get("/visit")).toMatchObject({ status: 409 });
    expect((await anna.get("/read")).body).toEqual({ visits: 2, theme: "light" });
  });

  describe("on the developer's machine, without TLS", () => {
    it.each(["/local", "/bare"])("keeps sessions at %s", async (area) => {
      const anna = new Visitor(site.origin + area, {});
      expect((await anna.get("/visit")).cookies).toEqual([expect.stringMatching(PLAIN_COOKIE)]);
      expect((await anna.get("/visit")).cookies).toEqual([]);
    });

    it("keeps sessions with Hono where the address is known", async () => {
      const cookies = runtime.tellsAddress ? [expect.stringMatching(PLAIN_COOKIE)] : [];
      const anna = new Visitor(`${site.origin}/localHono`, {});
      expect((await anna.get("/visit")).cookies).toEqual(cookies);
    });

    it.each(["/web", "/hono"])(
      "sends no plain cookie where a proxy is trusted: %s",
      async (area) => {
        expect((await new Visitor(site.origin + area, {}).get("/visit")).cookies).toEqual([]);
      },
    );
  });

  it("opens what is sealed elsewhere, refuses what was altered, and seals for others", async () => {
    const body = JSON.stringify(SEALED);
    const response = await fetch(`${site.origin}/sealing`, { method: "POST", body });
    const readings: readonly Reading[] = JSON.parse(await response.text());
    expect(readings.map(({ opened }) => opened)).toEqual(SEALED.map(({ text }) => text));
    expect(readings.map(({ verified }) => verified)).toEqual(SEALED.map(({ text }) => text));
    expect(readings.map(({ accepted }) => accepted)).toEqual(SEALED.map(() => 0));
    const read = SEALED.map((vector, at) => readingOf({ ...vector, ...readings[at] }));
    expect(read.map(({ opened }) => opened)).toEqual(SEALED.map(({ text }) => text));
    expect(read.map(({ verified }) => verified)).toEqual(SEALED.map(({ text }) => text));
  });

  it("waits for a store no longer than it may, after earlier requests too", async () => {
    const anna = visitor("/stuck");
    await anna.get("/visit");
    for (const _ of [1, 2]) {
      const startedAt = performance.now();
      expect(await anna.get("/hang")).toMatchObject({ status: 503 });
      expect(performance.now() - startedAt).toBeLessThan(8_000);
    }
    expect(await anna.get("/visit")).toMatchObject({ status: 200, body: { visits: 2 } });
  });

  it("tells of failures, with their causes, and of what is not for production", () => {
    const lines = site.complaints().split("\n");
    const warnings = lines.filter((line) => line.includes("SojournWarning"));
    expect(warnings).toContainEqual(expect.stringContaining("Sessions are kept in memory"));
    const failures = lines.filter((line) => line.startsWith("Sojourn: "));
    // The second one within some seconds is only counted.
    expect(failures.filter((line) => line.includes(" 503"))).toEqual([
      expect.stringMatching(/^Sojourn: GET \/stuck\/hang was answered with 503\. StoreError: /),
    ]);
    for (const failure of failures.filter((line) => !line.includes(" 503"))) {
      expect(failure).toMatch(/ was answered with 500\. InsecureConnectionError: /);
    }
    const known = /SojournWarning|--trace-warnings|^$|^Sojourn: | {4}at /;
    expect(lines.filter((line) => !known.test(line))).toEqual([]);
  });
});
