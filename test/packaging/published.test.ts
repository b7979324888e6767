import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackedAlone } from "./support/packed.ts";
import { run } from "./support/processes.ts";
import { find, MANIFEST, readText } from "./support/project.ts";

const STORY = `
import assert from "node:assert/strict";
import { createSessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";
import { sqliteStore } from "sojourn/sqlite";

assert.throws(() => eval("1"), EvalError);

async function tell(options) {
  const sessions = createSessions(options);
  let cookie = "";
  const visit = async (act) => {
    const request = new Request("https://shop.test/", { headers: { cookie } });
    const response = await sessions.handle(request, async () => {
      const session = await sessions.open(request);
      await act(session);
      return Response.json([session.userId ?? null, session.get("n") ?? null]);
    });
    for (const line of response.headers.getSetCookie()) cookie = line.split(";")[0];
    return response.json();
  };
  assert.deepEqual(await visit((session) => session.set("n", 1)), [null, 1]);
  assert.deepEqual(await visit((session) => session.signIn("ada")), ["ada", 1]);
  assert.deepEqual(await visit((session) => session.update("n", (n) => n + 1)), ["ada", 2]);
  assert.deepEqual(await visit((session) => session.signOut()), [null, null]);
  await sessions.close();
}

await tell({ store: sqliteStore("sessions.db") });
const revocations = "none: a copied cookie works until it expires, signed out or not";
await tell({ store: cookieStore({ revocations }), keys: "KEY" });
console.log("told");
`;

let folder: string;

beforeAll(() => {
  folder = unpackedAlone();
}, 240_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const MAKERS: ReadonlySet<string> = new Set(["eval", "Function"]);

/** `eval` of `eval(…)` and of `globalThis.eval(…)`, but not of a client that sends EVAL to Redis. */
function nameOf(callee: ts.Expression): string {
  const isGlobal =
    ts.isPropertyAccessExpression(callee) &&
    ts.isIdentifier(callee.expression) &&
    /^(?:globalThis|global|self|window)$/.test(callee.expression.text);
  const name = isGlobal ? callee.name : callee;
  return ts.isIdentifier(name) ? name.text : "";
}

/** Where a program makes code of a text. */
function codeFromText(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
    if (isCall && MAKERS.has(nameOf(node.expression))) {
      found.push(`${file}: ${node.getText().slice(0, 60)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readText(file), ts.ScriptTarget.Latest, true));
  return found;
}

describe("the published package", () => {
  it("runs nothing when it is installed", () => {
    const path = join(folder, "node_modules", MANIFEST.name, "package.json");
    const { scripts = {} }: { readonly scripts?: Record<string, string> } = JSON.parse(
      readFileSync(path, "utf8"),
    );
    const ran = Object.keys(scripts).filter((name) =>
      /^(?:(?:pre|post)?(?:install|prepare)|dependencies)$/.test(name),
    );
    expect(ran).toEqual([]);
  });

  it("makes no code of texts", () => {
    const files = find("dist/**/*.js");
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(codeFromText)).toEqual([]);
  });

  it("keeps sessions where Node may make no code of texts", async () => {
    const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    writeFileSync(join(folder, "story.mjs"), STORY.replace("KEY", key));
    const args = ["--disallow-code-generation-from-strings", "story.mjs"];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder });
    expect([code, stdout.trim(), code === 0 ? "" : stderr]).toEqual([0, "told", ""]);
  });
});
