import { describe, expect, it } from "vitest";
import { loadParser } from "../../../src/cli/migrate/parsing.ts";
import { turn } from "../../../src/cli/migrate/turn/turn.ts";

const parser = await loadParser(import.meta.dirname);
const SETUP = 'const session = require("sojourn/express-session");\napp.use(session({}));\n';

interface Turned {
  readonly text: string;
  readonly reasons: readonly string[];
}

/** A file beside the one that mounts, after the second step. */
function turned(source: string, express = "^5.0.0", path = "routes.js"): Turned {
  const manifest = JSON.stringify({ dependencies: { express } });
  const outcome = turn(
    {
      folder: ".",
      programs: new Map([
        ["app.js", SETUP],
        [path, source],
      ]),
      closed: new Map(),
      manifests: new Map([["package.json", manifest]]),
    },
    parser,
  );
  const after = outcome.changed.find((each) => each.path === path)?.after ?? source;
  return { text: after, reasons: outcome.left.map(({ reason }) => reason) };
}

/** What the body of a handler becomes, without what opens the session. */
function body(source: string): string {
  const { text } = turned(`app.get("/", (req, res) => {\n  ${source}\n});\n`);
  return text
    .replace(/^const \{.*\} = require\(.*\);\n\n/, "")
    .replace(/^.*\n( {2}const session = await sessions\.open\(req\);\n)?/, "")
    .replace(/\n\}\);\n$/, "")
    .trim();
}

describe("what becomes of a place", () => {
  it.each([
    ["reads", "use(req.session.user);", 'use(session.get("user"));'],
    ["reads by a literal", 'use(req.session["signed-in"]);', 'use(session.get("signed-in"));'],
    ["deep reads", "use(req.session.user?.name);", 'use(session.get("user")?.name);'],
    ["nested changes", "req.session.user.name = 1;", 'session.get("user").name = 1;'],
    ["calls on what is kept", "req.session.cart.push(1);", 'session.get("cart").push(1);'],
    ["literals", "req.session.plan = 'gold';", "session.set(\"plan\", 'gold');"],
    ["texts", "req.session.back = req.originalUrl;", 'session.set("back", req.originalUrl);'],
    ["what may be anything", "req.session.u = user;", 'setJson(session, "u", user);'],
    ["undefined", "req.session.u = undefined;", 'session.delete("u");'],
    ["deletions", "delete req.session.u;", 'session.delete("u");'],
    ["questions", 'use("u" in req.session);', 'use(session.has("u"));'],
    ["sums", "req.session.n += a - b;", 'setJson(session, "n", session.get("n") + (a - b));'],
    ["counts", "req.session.n++;", 'setJson(session, "n", Number(session.get("n")) + 1);'],
    [
      "counts from zero",
      "req.session.n = (req.session.n || 0) + 1;",
      'await session.update("n", (n) => (n || 0) + 1);',
    ],
    [
      "counts from zero by a question",
      "req.session.n = req.session.n ? req.session.n - 2 : 1;",
      'await session.update("n", (n) => n ? n - 2 : 1);',
    ],
    [
      "counts under no name of a variable",
      'req.session["a-b"] = (req.session["a-b"] ?? 0) + 1;',
      'await session.update("a-b", (count) => (count ?? 0) + 1);',
    ],
    [
      "counts that have begun",
      "req.session.n ||= 0; req.session.n++;",
      'session.get("n") || session.set("n", 0); await session.update("n", (n = 0) => n + 1);',
    ],
    [
      "counts that may be a text as well",
      "req.session.n = text; if (req.session.n) { req.session.n++; } else { req.session.n = 1; }",
      'setJson(session, "n", text); if (session.get("n")) { setJson(session, "n", Number(session.get("n")) + 1); } else { session.set("n", 1); }',
    ],
    [
      "counts that were asked for",
      "if (!req.session.n) req.session.n = 1; req.session.n -= 2;",
      'if (!session.get("n")) session.set("n", 1); await session.update("n", (n = 0) => n - 2);',
    ],
    [
      "counts where nobody can wait",
      "each(() => { req.session.n = (req.session.n || 0) + 1; });",
      'each(() => { setJson(session, "n", (session.get("n") || 0) + 1); });',
    ],
    [
      "counts by another value",
      "req.session.n = (req.session.n || 0) + step();",
      'setJson(session, "n", (session.get("n") || 0) + step());',
    ],
    [
      "counts behind the answer",
      "res.send(1); req.session.n = (req.session.n || 0) + 1;",
      'res.send(1); setJson(session, "n", (session.get("n") || 0) + 1);',
    ],
    [
      "counts behind another answer",
      "if (no) { return res.status(404).end(); } req.session.n = (req.session.n || 0) + 1;",
      'if (no) { return res.status(404).end(); } await session.update("n", (n) => (n || 0) + 1);',
    ],
    ["the id", "use(req.sessionID, req.session.id);", "use(session.id, session.id);"],
    ["touches", "use(req.session.a);\n  req.session.touch();", 'use(session.get("a"));'],
    ["touches alone", "req.session.touch();", "await sessions.open(req);"],
    [
      "touches before what would go on with the line above",
      "const b = req.session.a\n  req.session.touch()\n  ;(function () {})();",
      'const b = session.get("a");(function () {})();',
    ],
    [
      "touches before such a line without a semicolon of its own",
      "const b = req.session.a\n  req.session.touch();\n  // A remark.\n  [b].forEach(use);",
      'const b = session.get("a");\n  // A remark.\n  [b].forEach(use);',
    ],
    ["what is there already", "req.session.n ??= 1;", 'session.get("n") ?? session.set("n", 1);'],
    [
      "names",
      "const { a, b: c } = req.session;",
      'const a = session.get("a"), c = session.get("b");',
    ],
    [
      "names with a default",
      "const { a = 1 } = req.session;",
      'const { a = 1 } = { a: session.get("a") };',
    ],
    ["destroy", "req.session.destroy(done);", "calledBack(session.destroy(), done);"],
    [
      "regenerate, which begins an empty one",
      "req.session.regenerate(done);",
      "calledBack(session.signOut(), done);",
    ],
    ["save", "req.session.save((e) => use(e));", "calledBack(session.save(), (e) => use(e));"],
    ["destroy without a callback", "req.session.destroy();", "await session.destroy();"],
  ])("turns %s", (_, before, after) => {
    expect(body(before)).toBe(after);
  });

  it.each([
    ["req.session = null;", "the session itself is replaced"],
    ["use(req.session);", "the whole session is handed on"],
    ["use({ ...req.session });", "the whole session is handed on"],
    ["use(req.session[key]);", "the key is not known before it runs"],
    ["req.sessionID = id;", "the id is set by hand"],
    ["delete req.sessionID;", "the id is set by hand"],
    ["[req.session.id] = ids;", "the id is set by hand"],
    ["use(req.session.cookie.maxAge);", "session.expiresAt tells when the session ends"],
    ["req.session.cookie.maxAge = 1;", "session.persistent remembers a visitor"],
    ["use(req.session.touch());", "a touch whose result is used"],
    ["req.session.touch() // remark\n  ;[1].map(use);", "a touch with a remark behind it"],
    ["req.session.touch(); req.session.save(done);", "what is saved, or asked of the cookie"],
    ["req.session.touch(); use(req.session.cookie);", "what is saved, or asked of the cookie"],
    ["use(req.sessionStore);", "the store itself"],
    ["req.session.cookie.maxAge = 1;", "the session's own cookie"],
    ["req.session.reload(done);", "sessions here have no reload"],
    ["use(req.session.n++);", "the count is used where it is changed"],
    ["use(req.session.u = user);", "the value that it is set to is used as well"],
    ["req.session.u = user; user.name = 1;", "the object is changed after it was set"],
    ["req.session.f = () => 1;", "a function, which no store keeps"],
    ["req.session.u = new Cart(); use(req.session.u);", "the object is used after it was set"],
    ["const { a = f(req) } = req.session;", "it is taken apart in a way that is not known"],
    ["const { a, ...rest } = req.session;", "it is taken apart in a way that is not known"],
    ["later(() => { req.session.destroy(); });", "nobody here can wait"],
    ["const s = req.session; use(s);", "one of its uses cannot be turned"],
    ["const { session } = req;", "another way than a dot"],
  ])("leaves %s", (source, reason) => {
    const handler = `app.get("/", (req, res) => {\n  ${source}\n});\n`;
    const { reasons } = turned(handler);
    expect(reasons.some((each) => each.includes(reason))).toBe(true);
    expect(body(source)).toBe(source);
  });

  it("leaves all of a function where its session is handed on", () => {
    const source = "req.session.a = 1;\n  use(req.session);";
    expect(body(source)).toBe(source);
  });
});

describe("who waits for the session", () => {
  it.each([
    ["an asynchronous function", "const f = async (req, x) => use(req.session.a, x);\n"],
    ["a handler of Express 5", "function f(req, res) {\n  res.send(req.session.a);\n}\n"],
  ])("%s opens it", (_, source) => {
    const { text, reasons } = turned(source);
    expect(reasons).toEqual([]);
    expect(text).toContain("const session = await sessions.open(req);");
    expect(text).not.toContain("catch");
  });

  it("a handler of Express 4 is heard of when it fails", () => {
    const route = turned('app.get("/", (req, res) => res.send(req.session.a));\n', "^4.18.0");
    expect(route.text).toContain('app.get("/", caught(async (req, res) => {');
    const declared = turned("function f(req, res) {\n  res.send(req.session.a);\n}\n", "^4.18.0");
    expect(declared.text).toContain("async function f(req, res, next) {\n  try {");
    expect(declared.text).toContain("  } catch (error) {\n    next(error);\n  }\n}");
  });

  it("a callback without a block hands errors on", () => {
    const { text } = turned("const f = (req, done) => req.session.save(done);\n");
    expect(text).toContain(
      "const f = async (req, done) => {\n  try {\n    const session = await sessions.open(req);\n" +
        "    return calledBack(session.save(), done);\n  } catch (error) {\n    return done(error);\n  }\n};\n",
    );
  });

  it("an error handler without a block hands errors on", () => {
    const { text } = turned(
      "app.use((err, req, res, next) => res.send(req.session.a));\n",
      "^4.18.0",
    );
    expect(text).toContain('    return res.send(session.get("a"));\n  } catch (error) {');
    expect(text).toContain("    return next(error);\n  }\n});\n");
  });

  it("nobody does where no program would come of it", () => {
    const source = 'app.get("/", (req, res) => { res.send(req.session.a); });\n';
    const manifests = new Map([["package.json", "{}"]]);
    const programs = new Map([
      ["app.js", SETUP],
      ["routes.js", source],
      ["other.js", source],
    ]);
    const { changed, left } = turn(
      { folder: ".", programs, closed: new Map(), manifests },
      (path, text) => (path === "routes.js" && text !== source ? undefined : parser(path, text)),
    );
    expect(changed.map(({ path }) => path)).toEqual(["app.js", "other.js", "sessions.js"]);
    expect(left).toMatchObject([{ path: "routes.js", line: 1 }]);
  });

  it.each([
    [
      "an asynchronous function whose promise is dropped",
      "async function f(req) { req.session.a = 1; }\napp.get('/', async (req, res) => { f(req); res.end(); });",
      "f is called where nobody waits",
    ],
    [
      "what promisify is given",
      "const f = promisify((req, callback) => req.session.destroy(callback));",
      "what promisify is given",
    ],
    ["a helper", "export function f(req) { return req.session.a; }", "a helper"],
    ["a predicate", "function f(req, res) { return !req.session.a; }", "it answers at once"],
    ["a generator", "function* f(req, res) { yield req.session.a; }", "a generator"],
    [
      "an object's own method",
      "r.f = function () { use(this.req.session.a); };",
      "none of a function's",
    ],
    [
      "what is called in passing",
      "function f(req, res) { use(req.session.a); }\nfunction g(x) { f(req, res); go(x); }",
      "f is called where nobody waits",
    ],
    [
      "what comes behind next()",
      "function f(req, res, next) { next(); req.session.a = 1; }",
      "behind next()",
    ],
    [
      "another library's",
      'require("cookie-session");\napp.get("/", (req, res) => { use(req.session.a); });',
      "another library's",
    ],
  ])("leaves %s", (_, source, reason) => {
    const { text, reasons } = turned(source);
    expect(text).toBe(source);
    expect(reasons.join()).toContain(reason);
  });

  it("makes a helper's callers wait, where they can", () => {
    const { text } = turned(
      "function f(req) { return req.session.a; }\nasync function g(req, res) { res.send(f(req).b); }\n",
    );
    expect(text).toContain(
      "async function f(req) { const session = await sessions.open(req); return",
    );
    expect(text).toContain("res.send((await f(req)).b)");
  });

  it("provides for a request without a session where the function did", () => {
    const { text } = turned(
      "app.use((err, req, res, next) => {\n  res.send(req.session && req.session.a);\n});\n",
    );
    expect(text).toContain("const session = await sessions.openIfMounted(req);");
    expect(text).toContain('res.send(session && session.get("a"));');
  });

  it("takes another name where session is taken", () => {
    const { text } = turned('app.get("/", (req, res) => { use(session, req.session.a); });\n');
    expect(text).toContain("const visit = await sessions.open(req);");
    expect(text).toContain('use(session, visit.get("a"));');
  });

  it("changes no text within a template that it moves", () => {
    const { text } = turned(
      "function f(req, res) {\n  res.send(`a\n  b` + req.session.a);\n}\n",
      "^4.0.0",
    );
    expect(text).toContain('    res.send(`a\n  b` + session.get("a"));');
  });
});
