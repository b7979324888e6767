import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadParser } from "../../../src/cli/migrate/parsing.ts";
import { sojournHere } from "../support/command.ts";

const parser = await loadParser(import.meta.dirname);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-shapes-"));
  await write("package.json", '{ "dependencies": { "express": "^4", "express-session": "^1" } }\n');
  await write("app.js", "const session = require('express-session');\napp.use(session({}));\n");
});
afterEach(() => rm(folder, { recursive: true }));

const write = (path: string, text: string | Buffer): Promise<void> =>
  writeFile(join(folder, path), text);
const read = (path: string): Promise<string> => readFile(join(folder, path), "utf8");

/** What the second step makes of a file, which has to be a program, and to stay what it is. */
async function turned(text: string, path = "routes.js"): Promise<string> {
  await write(path, text);
  await migrate();
  const after = await read(path);
  expect(parser(path, after)).toBeDefined();
  await migrate();
  expect(await read(path)).toBe(after);
  return after;
}

const migrate = (): ReturnType<typeof sojournHere> =>
  sojournHere(["migrate", "express-session", "--step", "2", "--write", "--force"], { folder });

const HANDLER = "app.get('/', (req, res) => {\n  res.send(req.session.a);\n});\n";
const TURNED =
  "app.get('/', caught(async (req, res) => {\n  const session = await sessions.open(req);\n" +
  "  res.send(session.get('a'));\n}));\n";
const IMPORT = "const { caught, sessions } = require('./sessions');\n";

describe("a file keeps what is not of its program", () => {
  it("the ends of its lines", async () => {
    const after = await turned(HANDLER.replaceAll("\n", "\r\n"));
    expect(after).toBe(`${IMPORT}\n${TURNED}`.replaceAll("\n", "\r\n"));
  });

  it("the mark of its order of bytes", async () => {
    expect(await turned(`\uFEFF${HANDLER}`)).toBe(`\uFEFF${IMPORT}\n${TURNED}`);
  });

  it("the name of its interpreter", async () => {
    expect(await turned(`#!/usr/bin/env node\n${HANDLER}`)).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it("a remark on the line of a brace", async () => {
    const after = await turned(HANDLER.replace("=> {", "=> { // at home"));
    expect(after).toContain("(req, res) => { // at home\n  const session = await");
  });
});

describe("a file is left as it is, and told of, by file and line", () => {
  it.each([
    ["lacks a parenthesis", "app.get('/', (req, res) => { res.send(req.session.a; });\n", "cannot"],
    ["lacks a name", "app.get('/', (req, res) => { const = req.session.a; });\n", "cannot be read"],
    ["is no UTF-8", Buffer.from(`// caf\xe9\n${HANDLER}`, "latin1"), "the file is no UTF-8"],
    ["is too large", `${HANDLER}${"// far too long\n".repeat(40_000)}`, "the file is too large"],
  ])("where it %s", async (_, text, reason) => {
    await write("routes.js", text);
    const { code, stdout } = await migrate();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`routes\\.js:[1-3]  .*${reason}`));
    expect(await readFile(join(folder, "routes.js"))).toEqual(Buffer.from(text));
  });

  it("in one line of a reasonable length", async () => {
    await write("routes.js", `const a = "${"a".repeat(600_000)}"; req.session.a = a;`);
    const { stdout } = await migrate();
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThan(250);
  });

  it("but not where it has nothing to do with sessions", async () => {
    await write("other.js", `module.exports = 1;${"\n// far too long".repeat(40_000)}`);
    await write("latin.js", Buffer.from("// caf\xe9\n", "latin1"));
    expect((await migrate()).stdout).not.toMatch(/other|latin/);
  });
});

describe("what begins the next line goes on with nothing that is new", () => {
  it("in a function", async () => {
    const after = await turned(
      "app.get('/', (req, res) => {\n  (function () { use(req.session.a) })()\n  res.end()\n})\n",
    );
    expect(after).toContain("await sessions.open(req);\n  (function");
  });

  it("in a file", async () => {
    const after = await turned(
      "(function () {\n  app.get('/', (req, res) => {\n    use(req.session.a)\n  })\n})()\n",
    );
    expect(after).toContain("require('./sessions');\n\n(function");
  });

  it("behind a default export", async () => {
    const after = await turned(
      "export default function (req, res) { res.send(req.session.a) }\n(function () {})()\n",
      "routes.mjs",
    );
    expect(after).toContain(" });\n(function () {})()");
  });
});

describe("a request without a session", () => {
  it("is still one where a function provides for it by ?.", async () => {
    const after = await turned(
      "app.get('/', (req, res) => {\n  if (req.session?.a) delete req.session?.b;\n" +
        "  req.session.c = 1;\n  res.end();\n});\n",
    );
    expect(after).toContain(
      "  const session = await sessions.openIfMounted(req);\n" +
        "  if (session?.get('a')) session?.delete('b');\n  session.set('c', 1);\n",
    );
  });
});

describe("who hears of what goes wrong", () => {
  it("is there too where a handler is called by another, without next", async () => {
    const source = "exports.show = (req, res) => {\n  res.send(req.session.a);\n};\n";
    await write("other.js", "app.get('/', (req, res) => routes.show(req, res));\n");
    expect(await turned(source)).toBe(source);
    await write("other.js", "app.get('/', (req, res, next) => routes.show(req, res, next));\n");
    expect(await turned(source)).toContain("exports.show = caught(async (req, res) => {");
  });

  it.each([
    ["a private method", "#show", "this.#show(req, res)"],
    ["a method with a text for a name", "'show'", "this.show(req, res)"],
  ])("is sought by the name of %s", async (_, name, call) => {
    const source = `class A {\n  ${name}(req, res) { use(req.session.a); }\n  b(req, res) { ${call}; go(); }\n}\n`;
    expect(await turned(source)).toBe(source);
  });

  it("is not known of a method of a computed name", async () => {
    const source = "class A {\n  [name](req, res) { use(req.session.a); }\n}\n";
    expect(await turned(source)).toBe(source);
  });

  it("is known behind what TypeScript says of a method", async () => {
    const source =
      "export class A {\n  public show(req: R, res: S) { use(req.session.a); }\n" +
      "  b(req: R, res: S) { this.show(req, res); go(); }\n}\n";
    expect(await turned(source, "routes.ts")).toBe(source);
  });
});

describe("shapes of their own", () => {
  it.each([
    [
      "a session by a literal name",
      "app.get('/', (req, res) => {\n  req['session'].a = 1;\n  res.send(req[\"session\"]['a']);\n});\n",
      "  session.set('a', 1);\n  res.send(session.get('a'));",
    ],
    [
      "handlers in an array",
      "app.use([check, (req, res, next) => { req.session.a = 1; next(); }]);\n",
      '[check, caught(async (req, res, next) => { const session = await sessions.open(req); session.set("a", 1); next(); })]',
    ],
    [
      "an arrow without a block",
      "app.get('/', (req, res) => ({ a: req.session.a }));\n",
      "  return ({ a: session.get('a') });",
    ],
    [
      "callbacks in callbacks",
      "app.get('/', (req, res) => {\n  a(() => b(() => {\n    req.session.n = (req.session.n || 0) + 1;\n  }));\n});\n",
      "    setJson(session, 'n', (session.get('n') || 0) + 1);",
    ],
    [
      "markup",
      "app.get('/', (req, res) => res.send(<p title={req.session.a}>{req.session.b}</p>));\n",
      '  return res.send(<p title={session.get("a")}>{session.get("b")}</p>);',
    ],
  ])("turns %s", async (_, before, after) => {
    const isMarkup = before.includes("<p");
    expect(await turned(before, isMarkup ? "routes.jsx" : "routes.js")).toContain(
      isMarkup ? after.replaceAll('"', "'") : after,
    );
  });

  it("mounts what import = and a name for all of it have set up", async () => {
    await rm(join(folder, "app.js"));
    const required = await turned(
      'import session = require("express-session");\napp.use(session({}));\n' +
        'app.get("/", (req, res) => { res.send(req.session.a); });\n',
      "app.ts",
    );
    expect(required).toContain(
      'require("sojourn/express-session");\nimport { caught, mounted, sessions } from "./sessions";\n',
    );
    const named = await turned(
      'import * as session from "express-session";\napp.use(session.default({}));\n' +
        'app.use((session as any)({}));\napp.get("/", (req, res) => { res.send(req.session.a); });\n',
      "app.ts",
    );
    expect(named).toContain("mounted(session.default({}))");
    expect(named).toContain("mounted((session as any)({}))");
  });

  it.each([
    ["app.get('/', (req, res) => { const { session } = req; use(session.a); });\n", "another way"],
    ["app.get('/', ({ session }, res) => { use(session.a); });\n", "another way than a dot"],
    ["app.get('/', (req, res) => { use(req.session); req.session.a = 1; });\n", "handed on"],
    ["app.get('/', function* (req, res) { yield req.session.a; });\n", "a generator"],
    ["function f(req, res) { var await; use(req.session.a); }\n", "await is the name"],
    ["class A { constructor(req, res) { this.a = req.session.a; } }\n", "a constructor"],
    ["class A { get a() { return this.req.session.a; } }\n", "none of a function's parameters"],
    ["io.use((socket, next) => { const req = socket.request; use(req.session.a); });\n", "none of"],
    ["items.map((req) => req.session.a);\n", "a helper that answers at once"],
  ])("tells of %s", async (source, reason) => {
    await write("routes.js", source);
    const { stdout } = await migrate();
    expect(stdout).toMatch(new RegExp(`routes\\.js:1  .*${reason}`));
    expect(await read("routes.js")).toBe(source);
  });

  it("tells of a session that is taken for another type", async () => {
    const source = "app.get('/', (req, res) => { use((req.session as any).a); });\n";
    expect(await turned(source, "routes.ts")).toBe(source);
    expect((await migrate()).stdout).toContain("taken for another type here");
  });

  it("has nothing to do where there is no express-session", async () => {
    await write("app.js", "module.exports = (a, b) => a + b;\n");
    await write("package.json", "{}\n");
    expect((await migrate()).stdout).toBe("Nothing to turn.\n");
  });
});
