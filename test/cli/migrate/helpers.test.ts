import { describe, expect, it } from "vitest";
import { loadParser } from "../../../src/cli/migrate/parsing.ts";
import { turn } from "../../../src/cli/migrate/turn/turn.ts";

const parser = await loadParser(import.meta.dirname);
const SETUP = 'const session = require("sojourn/express-session");\napp.use(session({}));\n';
const HELPER = "exports.back = function (req) {\n  req.session.back = req.url;\n};\n";

/** Files beside the one that mounts, after the second step. */
function turned(files: Readonly<Record<string, string>>, express = "^4.18.0") {
  const manifest = JSON.stringify({ dependencies: { express } });
  const programs = new Map([["app.js", SETUP], ...Object.entries(files)]);
  const manifests = new Map([["package.json", manifest]]);
  const { changed, left } = turn({ folder: ".", programs, closed: new Map(), manifests }, parser);
  const after = new Map(changed.map(({ path, after: text }) => [path, text]));
  return {
    text: (path: string) => after.get(path) ?? files[path] ?? "",
    reasons: left.map(({ reason }) => reason),
  };
}

describe("a helper of several files", () => {
  const ROUTE = "app.get('/', function (req, res, next) {\n  back(req);\n  next();\n});\n";

  it("is waited for in all of them", () => {
    const { text, reasons } = turned({
      "lib/back.js": HELPER,
      "routes.js": `const { back } = require('./lib/back');\n${ROUTE}`,
      "other.js": `const lib = require('./lib/back.js');\n${ROUTE.replace("back(", "lib.back(")}`,
    });
    expect(reasons).toEqual([]);
    expect(text("lib/back.js")).toContain("exports.back = async function (req) {\n  const session");
    expect(text("routes.js")).toBe(
      "const { back } = require('./lib/back');\nconst { caught } = require('./sessions');\n" +
        "app.get('/', caught(async function (req, res, next) {\n  await back(req);\n  next();\n}));\n",
    );
    expect(text("other.js")).toContain("  await lib.back(req);");
  });

  it("is waited for in a handler that has places of its own", () => {
    const { text, reasons } = turned({
      "back.js": HELPER,
      "routes.js":
        "const { back } = require('./back');\napp.get('/', (req, res) => {\n  back(req);\n" +
        "  res.send(req.session.back);\n});\n",
    });
    expect(reasons).toEqual([]);
    expect(text("routes.js")).toContain(
      "app.get('/', caught(async (req, res) => {\n  const session = await sessions.open(req);\n" +
        "  await back(req);\n  res.send(session.get('back'));\n}));",
    );
  });

  it.each([
    [
      "export function back(req) { req.session.back = 1; }\n",
      'import { back } from "./back.js";\nexport const f = async (req) => { back(req); };\n',
    ],
    [
      "const back = (req) => { req.session.back = 1; };\nexport { back };\n",
      'import * as all from "./back.js";\nexport const f = async (req) => { all.back(req); };\n',
    ],
    [
      "function back(req) { req.session.back = 1; }\nmodule.exports = { back };\n",
      'const { back } = require("./back");\nexports.f = async (req) => { back(req); };\n',
    ],
  ])("is known by its export in %s", (helper, caller) => {
    const { text, reasons } = turned({ "back.js": helper, "caller.js": caller });
    expect(reasons).toEqual([]);
    expect(text("back.js")).toContain("async ");
    expect(text("caller.js")).toMatch(/await (all\.)?back\(req\)/);
  });

  it.each([
    [
      "a caller that cannot wait",
      "const { back } = require('./back');\nexports.f = (x) => { back(x); };\n",
    ],
    [
      "a caller behind next()",
      "const { back } = require('./back');\napp.use((req, res, next) => { next(); back(req); });\n",
    ],
    [
      "another name for it",
      "const { back: go } = require('./back');\nexports.f = async (req) => { go(req); };\n",
    ],
    [
      "its use as a value",
      "const { back } = require('./back');\nlist.forEach(back);\nexports.f = async (req) => { back(req); };\n",
    ],
    ["a barrel", "export * from './back';\n"],
    ["a file that hands it on", "const all = require('./back');\nmodule.exports = { ...all };\n"],
    ["a mounted handler", "const { back } = require('./back');\napp.use(back);\n"],
    [
      "a name of the project's own for the file",
      "import { back } from '@/back';\nif (back) start();\n",
    ],
    [
      "an import at another moment",
      "exports.f = async (req) => (await import('./back.js')).back(req);\n",
    ],
    ["a file that cannot be read", "const { back } = require('./back'; back(req)\n"],
    ["another thing of its name", "exports.f = async (x) => x.back();\n"],
  ])("stays with %s", (_, other) => {
    const caller =
      "const { back } = require('./back');\nexports.g = async (req) => { back(req); };\n";
    const { text, reasons } = turned({ "back.js": HELPER, "caller.js": caller, "other.js": other });
    expect(reasons.join()).toContain("a helper that answers at once");
    expect([text("back.js"), text("caller.js"), text("other.js")]).toEqual([HELPER, caller, other]);
  });

  it("stays with a test that calls it", () => {
    const test = "const { back } = require('../back');\nback({ session: {} });\n";
    const { text } = turned({
      "back.js": HELPER,
      "caller.js":
        "const { back } = require('./back');\nexports.g = async (req) => { back(req); };\n",
      "test/back.js": test,
    });
    expect(text("back.js")).toBe(HELPER);
  });
});

describe("a handler that a test calls by itself", () => {
  const HANDLER = "exports.flash = (req, res, next) => {\n  use(req.session.a);\n  next();\n};\n";

  it("stays where the test does not wait for it", () => {
    const test = "it('a', () => {\n  flash(req1, res, next);\n  expect(next.called);\n});\n";
    const { text, reasons } = turned({ "flash.js": HANDLER, "test/flash.test.js": test });
    expect(text("flash.js")).toBe(HANDLER);
    expect(reasons).toEqual(["flash is called where nobody waits"]);
  });

  it("is turned where the test waits", () => {
    const test = "it('a', async () => {\n  await flash(mockReq, res, next);\n  done();\n});\n";
    const { reasons } = turned({ "flash.js": HANDLER, "test/flash.test.js": test });
    expect(reasons).toEqual([]);
  });
});

describe("a session that is made where there is none", () => {
  it.each([
    "if (!req.session) req.session = {};",
    "if (!req.session) { req.session = {}; }",
    "req.session = req.session || {};",
    "req.session ??= {};",
  ])("stays as it is, beside what is turned: %s", (guard) => {
    const { text, reasons } = turned(
      { "routes.js": `app.get('/', (req, res) => {\n  ${guard}\n  use(req.session.a);\n});\n` },
      "^5.0.0",
    );
    expect(text("routes.js")).toContain(
      `  const session = await sessions.open(req);\n  ${guard}\n  use(session.get('a'));\n`,
    );
    expect(new Set(reasons)).toEqual(
      new Set(["an object stands for the session where there is none, and is stored nowhere"]),
    );
  });

  it("lets nothing be turned where it is made in another way", () => {
    const source =
      "app.get('/', (req, res) => {\n  if (!req.user) req.session = {};\n  use(req.session.a);\n});\n";
    expect(turned({ "routes.js": source }, "^5.0.0").text("routes.js")).toBe(source);
  });
});
