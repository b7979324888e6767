import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Browser } from "./support/browser.ts";
import { markdownExamples } from "./support/examples.ts";
import { emptyFolder, npm, type Packed, pack } from "./support/packed.ts";
import { plainEnvironment, type Run, run, startServer } from "./support/processes.ts";
import { find, MANIFEST, ROOT, readText } from "./support/project.ts";

const COUNTER = `
import express from "express";
import { createSessions, memoryStore } from "sojourn";
import { sessionMiddleware } from "sojourn/express";

const sessions = createSessions(process.argv[2] === "named" ? { store: memoryStore() } : {});
const app = express().use(sessionMiddleware(sessions));

app.get("/", async (req, res) => {
  const session = await sessions.open(req);
  const visits = await session.update("visits", (n) => (n ?? 0) + 1);
  res.send(\`Visit \${visits}\`);
});

const server = app.listen(0, () => console.log(Object(server.address()).port));
`;

const REQUIRING = `
const express = require("express");
const { createSessions, memoryStore, StoreError } = require("sojourn");
const { sessionMiddleware } = require("sojourn/express");
const { sqliteStore } = require("sojourn/sqlite");

const sessions = createSessions({ store: memoryStore() });
const app = express().use(sessionMiddleware(sessions));
app.get("/", async (req, res) => {
  const session = await sessions.open(req);
  res.send(\`Visit \${await session.update("visits", (n) => (n ?? 0) + 1)} \${typeof sqliteStore} \${StoreError.name}\`);
});
const server = app.listen(0, () => console.log(server.address().port));
`;

const PLAIN_HTTP =
  /No session cookie was sent, and no new session stored: the connection is plain HTTP/;

let folder: string;
let packed: Packed;

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** Type-checks one file as a new user's project would. */
function check(file: string, types: readonly string[]): Promise<Run> {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023"];
  const typed = ["--types", types.join(","), "--pretty", "false"];
  return run(process.execPath, [tsc, ...options, ...typed, file], { cwd: folder });
}

beforeAll(() => {
  folder = emptyFolder("new-user");
  packed = pack(folder);
  write("package.json", JSON.stringify({ private: true, type: "module" }));
  const { express = "latest" } = MANIFEST.devDependencies;
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  npm(["install", ...quiet, packed.tarball, `express@${express}`], folder);
  rmSync(packed.tarball);
  // Types change nothing at run time; the local ones save the way to the registry.
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  for (const path of find("node_modules/@types/*", "node_modules/undici-types")) {
    if (!existsSync(join(folder, path))) symlinkSync(join(ROOT, path), join(folder, path));
  }
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The links of a page that stay within the package. */
function linksOf(page: string): string[] {
  const links = [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: link = "" }) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function fileOf(page: string, link: string): string {
  const [path = ""] = link.split("#", 1);
  return path === "" ? page : join(dirname(page), path);
}

/** Whether the heading that a link names is on its page. */
function isThere(page: string, link: string): boolean {
  const [, anchor] = link.split("#", 2);
  if (anchor === undefined) return true;
  const headings = [...readText(fileOf(page, link)).matchAll(/^#+ (.*)$/gm)];
  return headings.some(({ 1: heading = "" }) => anchorOf(heading) === anchor);
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

describe("the package", () => {
  it("brings no other package along", () => {
    const installed = readdirSync(join(folder, "node_modules"));
    for (const name of ["hono", "better-sqlite3", "tough-cookie", "zod", "typescript"]) {
      expect(installed).not.toContain(name);
    }
    expect(MANIFEST.dependencies ?? {}).toEqual({});
  });

  it("holds the build and the pages for users, and nothing else", () => {
    const others = packed.files.filter((file) => !/^dist\/.*\.(js|d\.ts)$/.test(file));
    const pages = find("docs/*.md", "docs/security/*.md", "src/**/README.md");
    expect(others.sort()).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "dist/commonjs/cookie-session.cjs",
        "dist/commonjs/express-session-cookie.cjs",
        "dist/commonjs/express-session.cjs",
        "dist/commonjs/koa-session.cjs",
        "dist/commonjs/package.json",
        "docs/sealed-vectors.json",
        "package.json",
        ...pages,
      ].sort(),
    );
  });

  it("leads from page to page, and to nothing that it does not hold", () => {
    const pages = packed.files.filter((file) => file.endsWith(".md"));
    const broken = pages.flatMap((page) =>
      linksOf(page).filter(
        (link) => !packed.files.includes(fileOf(page, link)) || !isThere(page, link),
      ),
    );
    expect(broken).toEqual([]);
    const linked = new Set(
      pages.flatMap((page) => linksOf(page).map((link) => fileOf(page, link))),
    );
    expect(pages.filter((page) => !linked.has(page))).toEqual(["CHANGELOG.md", "README.md"]);
  });

  it("holds nothing that no longer has a source", () => {
    const built = packed.files.filter((file) => /^dist\/.*\.(?:js|d\.ts)$/.test(file));
    const stale = built.filter((file) => {
      const source = file
        .replace(/^dist\/(?:commonjs\/)?/, "src/")
        .replace(/\.(js|d\.ts)(\.map)?$/, ".ts");
      return !existsSync(join(ROOT, source));
    });
    expect(stale).toEqual([]);
  });
});

describe("the first five minutes", () => {
  it("give a counter without a key, a file or a setting, and a notice of each thing to set", async () => {
    const before = readdirSync(folder);
    const server = await startServer([write("counter.js", COUNTER)], { cwd: folder });
    try {
      const browser = new Browser(server.origin);
      expect((await browser.get("/")).text).toBe("Visit 1");
      expect((await browser.get("/")).text).toBe("Visit 2");
      expect((await new Browser(server.origin).get("/")).text).toBe("Visit 1");
      expect((await browser.get("/")).text).toBe("Visit 3");
      await vi.waitFor(() => expect(server.complaints()).toMatch(/Sessions are kept in memory/), {
        timeout: 20_000,
      });
      await vi.waitFor(() => expect(server.complaints()).toMatch(/As NODE_ENV is not set/), {
        timeout: 20_000,
      });
      expect(server.complaints().match(/Warning/g)).toEqual(["Warning", "Warning"]);
    } finally {
      await server.stop();
    }
    expect(readdirSync(folder)).toEqual([...before, "counter.js"].sort());
  });

  it("fail in production at the first visit, with a sentence that says what to choose", async () => {
    const production = { cwd: folder, env: plainEnvironment({ NODE_ENV: "production" }) };
    const server = await startServer([write("counter.js", COUNTER)], production);
    try {
      expect((await new Browser(server.origin).get("/")).status).toBe(500);
      const sentence = /OptionsError: store: choose one in production: sqliteStore\(/;
      await vi.waitFor(() => expect(server.complaints()).toMatch(sentence), { timeout: 20_000 });
      expect(server.complaints()).toMatch(/memoryStore\(\)/);
    } finally {
      await server.stop();
    }
  });

  it("take memory in production where it is chosen by name, and say what HTTPS needs", async () => {
    const production = { cwd: folder, env: plainEnvironment({ NODE_ENV: "production" }) };
    const server = await startServer([write("counter.js", COUNTER), "named"], production);
    try {
      const page = await new Browser(server.origin).get("/");
      // Plain HTTP carries no session in production: no cookie is sent, and the writer is told.
      expect(page.status).toBe(500);
      expect(page.headers.getSetCookie()).toEqual([]);
      await vi.waitFor(() => expect(server.complaints()).toMatch(PLAIN_HTTP), { timeout: 20_000 });
      expect(server.complaints()).not.toMatch(/in memory/);
    } finally {
      await server.stop();
    }
  });

  it("need no cast in strict TypeScript", { timeout: 240_000 }, async () => {
    const { code, stdout } = await check(write("counter.ts", COUNTER), ["node"]);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });

  it("end with the README's example in strict TypeScript", { timeout: 240_000 }, async () => {
    const example = markdownExamples().find(({ place }) => place.startsWith("README.md"));
    const { code, stdout } = await check(write("readme.ts", example?.code ?? ""), ["node"]);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });

  it("are the same with require", async () => {
    const server = await startServer([write("counter.cjs", REQUIRING)], { cwd: folder });
    try {
      const browser = new Browser(server.origin);
      expect((await browser.get("/")).text).toBe("Visit 1 function StoreError");
      expect((await browser.get("/")).text).toBe("Visit 2 function StoreError");
      expect(server.complaints()).not.toMatch(/require/);
    } finally {
      await server.stop();
    }
  });
});
