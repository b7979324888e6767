import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackedAlone } from "./support/packed.ts";
import { plainEnvironment, run } from "./support/processes.ts";
import { readText } from "./support/project.ts";

/** The first one that is supported, and the newest of each line. */
const VERSIONS = ["22.13.0", "22", "24", "26"];

const STORY = `
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import { createSessions } from "sojourn";
import { sessionMiddleware } from "sojourn/node";
import { sqliteStore } from "sojourn/sqlite";

const sessions = createSessions({ store: sqliteStore("sessions.db") });
const withSessions = sessionMiddleware(sessions);

const server = http.createServer((req, res) =>
  withSessions(req, res, async () => {
    const session = await sessions.open(req);
    if (req.url === "/sign-in") await session.signIn("u1");
    if (req.url === "/sign-out") await session.signOut({ keep: ["visits"] });
    const visits = await session.update("visits", (n) => (n ?? 0) + 1);
    res.end(JSON.stringify({ visits, userId: session.userId }));
  }),
);
server.listen(0);
await once(server, "listening");
const origin = \`http://localhost:\${server.address().port}\`;

let cookie = "";
async function get(path) {
  const response = await fetch(origin + path, { headers: { cookie } });
  const [line] = response.headers.getSetCookie();
  if (line !== undefined) cookie = line.split(";")[0];
  return response.json();
}

assert.deepEqual(await get("/"), { visits: 1 });
await Promise.all(Array.from({ length: 10 }, () => get("/")));
assert.deepEqual(await get("/"), { visits: 12 });
const before = cookie;
assert.deepEqual(await get("/sign-in"), { visits: 13, userId: "u1" });
assert.notEqual(cookie, before);
assert.equal((await sessions.list({ userId: "u1" })).length, 1);
assert.deepEqual(await get("/sign-out"), { visits: 14 });
assert.equal(await sessions.revokeAll({ userId: "u1" }), 0);

const require = createRequire(import.meta.url);
assert.equal(require("sojourn").createSessions, createSessions);

server.close();
server.closeAllConnections();
await sessions.close();
console.log("told on " + process.version);
`;

let folder: string;

beforeAll(() => {
  folder = unpackedAlone();
  writeFileSync(join(folder, "story.mjs"), STORY);
}, 240_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the packed library", () => {
  it.each(VERSIONS)("tells its story on Node %s", { timeout: 180_000 }, async (version) => {
    rmSync(join(folder, "sessions.db"), { force: true });
    const args = ["-y", "-p", `node@${version}`, "-c", "node story.mjs"];
    const { code, stdout, stderr, ms } = await run("npx", args, {
      cwd: folder,
      env: plainEnvironment({ NODE_ENV: "test" }),
    });
    const foreign = stderr
      .split("\n")
      .filter((line) => !/^$|SQLite is an exp|--trace-warn|^npm /.test(line));
    expect(foreign).toEqual([]);
    expect(stdout).toMatch(`told on v${version}`);
    expect(code).toBe(0);
    console.log(`Node ${version}: ${Math.round(ms)} ms, with npx`);
  });

  it("says from which version on", () => {
    expect(JSON.parse(readText("package.json")).engines).toEqual({ node: ">=22.13" });
  });
});
