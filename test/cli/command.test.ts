import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sojourn, sojournHere } from "./support/command.ts";

// Of the vectors: Flask's, signed with KEY at the second NOW.
const COOKIE = "eyJuYW1lIjoiYWxpY2UiLCJ1c2VyX2lkIjo0Mn0.ZVPxAA.7kd3UHDfuMnbSY5lM6d0icK0-x0";
const KEY = "golden-secret-é-1";
const NOW = ["--now", "1700000001"];

const folder = mkdtempSync(join(tmpdir(), "sojourn-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("sojourn inspect", () => {
  it("takes a value as an argument, on standard input, or in a file, and exits with 0", async () => {
    const env = { SOJOURN_KEY: KEY };
    const runs = await Promise.all([
      sojourn(["inspect", COOKIE, ...NOW], { env }),
      sojourn(["inspect", "-", ...NOW], { env, input: `${COOKIE}\n` }),
      sojourn(["inspect", ...NOW], { env, input: COOKIE }),
      sojourn(["inspect", "--file", file("cookie", COOKIE), ...NOW], { env }),
    ]);
    for (const run of runs) expect(run).toEqual(runs[0]);
    expect(runs[0]).toMatchObject({ code: 0, stderr: "" });
    expect(runs[0]?.stdout).toMatch(/^Flask session cookie\n✓ the signature is good\n/);
  });

  it("takes keys from the environment and from files, and exits with 1 if none is right", async () => {
    const lines = file("keys", `another\n${KEY}\n`);
    const runs = await Promise.all([
      sojournHere(["inspect", COOKIE, ...NOW, "--key-env", "MINE"], { env: { MINE: KEY } }),
      sojournHere(["inspect", COOKIE, ...NOW, "--key-file", lines]),
      sojournHere(["inspect", COOKIE, ...NOW], { env: { SOJOURN_KEY: "another" } }),
      sojournHere(["inspect", COOKIE, ...NOW]),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 1, 0]);
    expect(runs[1]?.stdout).toContain("keys, line 2 (2 of 2)");
    expect(runs[2]?.stdout).toContain("✗ the signature is wrong");
    expect(runs[3]?.stdout).toContain("? the signature is not checked: no key given");
  });

  it("exits with 1 for a cookie that has expired, by the lifetime that it is told", async () => {
    const env = { SOJOURN_KEY: KEY };
    const late = ["--now", "2023-11-16T00:00:00Z"];
    const default_ = await sojournHere(["inspect", COOKIE, ...late], { env });
    const short = await sojournHere(["inspect", COOKIE, ...late, "--lifetime", "1d"], { env });
    expect([default_.code, short.code]).toEqual([0, 1]);
    expect(short.stdout).toContain("✗ the signature is good, but it has expired");
  });

  it("prints no key and no part of a signature", async () => {
    for (const json of [[], ["--json"]]) {
      const { stdout } = await sojournHere(["inspect", COOKIE, ...json], {
        env: { SOJOURN_KEY: KEY },
      });
      expect(stdout).toContain("alice");
      expect(stdout).not.toContain(KEY);
      expect(stdout).not.toContain("7kd3UHDf");
    }
  });

  it("prints JSON for programs", async () => {
    const { stdout } = await sojournHere([
      "inspect",
      "--json",
      ...NOW,
      `session=${COOKIE}; Path=/`,
    ]);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: "session",
        format: "flask",
        verdict: "unchecked",
        issuedAt: "2023-11-14T22:13:20.000Z",
        expiresAt: "2023-12-15T22:13:20.000Z",
        facts: { attributes: "Path=/" },
        data: { name: "alice", user_id: 42 },
      },
    ]);
  });

  it("is plain in a pipe, and in colour where that is forced", async () => {
    const plain = await sojourn(["inspect", COOKIE]);
    const forced = await sojourn(["inspect", COOKIE], { env: { FORCE_COLOR: "1" } });
    const none = await sojourn(["inspect", COOKIE], { env: { NO_COLOR: "1" } });
    expect(plain.stdout).not.toContain("\u001b[");
    expect(none.stdout).toBe(plain.stdout);
    expect(forced.stdout).toContain("\u001b[1mFlask session cookie\u001b[22m");
  });
});

describe("sojourn forge", () => {
  it.each([
    ["flask", '{"user_id": 42}'],
    ["starlette", '{"user_id": 42}'],
    ["django", '{"user_id": 42}'],
    ["django-data", '{"user_id": 42}'],
    ["django-legacy", '{"user_id": 42}'],
    ["flask-session", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"],
  ])("makes what inspect takes: %s", async (format, input) => {
    const env = { SOJOURN_KEY: "k" };
    const made = await sojournHere(["forge", format, "-"], { env, input });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const { code, stdout } = await sojournHere(["inspect", made.stdout.trim()], { env });
    expect(code).toBe(0);
    expect(stdout).toContain("✓ the signature is good");
  });

  it("signs Tornado's cookie with its name, and pickles what JSON lacks", async () => {
    const env = { SOJOURN_KEY: "k" };
    const made = await sojournHere(["forge", "tornado", "alice", "--name", "user"], { env });
    const read = await sojournHere(["inspect", `user=${made.stdout.trim()}`], { env });
    expect(read).toMatchObject({ code: 0, stdout: expect.stringContaining('"alice"') });
    const pickle = await sojournHere(["forge", "pickle", '{"p": {"$decimal": "1.5"}}']);
    expect((await sojournHere(["inspect", "-"], { input: pickle.stdout })).stdout).toContain(
      "p (decimal)",
    );
  });
});

describe("wrong input", () => {
  it.each([
    ["nothing known", ["inspect", "what is this"]],
    ["nothing at all", ["inspect", ""]],
    ["an unknown option", ["inspect", "--colour", "x"]],
    ["a key on the command line", ["inspect", COOKIE, "--key", "hunter2"]],
    ["an option without its value", ["inspect", "--file"]],
    ["two values", ["inspect", COOKIE, COOKIE]],
    ["a file that is not there", ["inspect", "--file", "/nowhere/at/all"]],
    ["a key file that is not there", ["inspect", COOKIE, "--key-file", "/nowhere/at/all"]],
    ["a variable that is not set", ["inspect", COOKIE, "--key-env", "NOBODY"]],
    ["a time that is none", ["inspect", COOKIE, "--now", "later"]],
    ["a lifetime that is none", ["inspect", COOKIE, "--lifetime", "long"]],
    ["an unknown format", ["forge", "php", "{}"]],
    ["no JSON", ["forge", "flask", "{user: 1}"]],
    ["no object", ["forge", "flask", "[1]"]],
    ["no key", ["forge", "flask", "{}"]],
    ["a tag that is none", ["forge", "pickle", '{"a": {"$complex": 1}}']],
    ["a protocol that is none", ["forge", "pickle", "{}", "--protocol", "6"]],
    ["no store", ["adopt-check"]],
    ["two stores", ["adopt-check", "--sqlite", "a", "--folder", "b"]],
    ["a database that is not there", ["adopt-check", "--sqlite", "/nowhere/at/all"]],
    ["a server that is not there", ["adopt-check", "--redis", "redis://:hunter2@127.0.0.1:1"]],
  ])("is told in one line, with exit code 2: %s", async (_, args) => {
    const { code, stdout, stderr } = await sojournHere(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^sojourn: [^\n]{20,200}\n$/);
    expect(stderr).not.toContain("hunter2");
    expect(stderr).not.toContain(COOKIE);
  });

  it("ends the process with that code", async () => {
    const { code, stderr } = await sojourn(["inspect", "what is this"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^sojourn: .*\n$/) });
  });

  it("says which driver a project lacks", async () => {
    const run = await sojournHere(["adopt-check", "--postgres", "postgres://localhost"], {
      folder,
    });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("npm install pg") });
  });
});
