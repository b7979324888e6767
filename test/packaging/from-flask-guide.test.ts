import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Jar, keep } from "../interop/support/jar.ts";
import { PythonSite } from "../interop/support/python-site.ts";
import { SiteServers } from "../interop/support/site-servers.ts";
import { markdownExamples } from "./support/examples.ts";
import { plainEnvironment, type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

const RECIPES = markdownExamples().filter(({ place }) => place.startsWith("docs/from-flask.md"));

/** The route of step 1, for the recipe of step 3, which has none. */
const ROUTES = `
import { sessionMiddleware } from "sojourn/express";
import express from "express";
const app = express().use(sessionMiddleware(sessions));
app.get("/ts/whoami", async (req, res) => {
  const session = await sessions.open(req);
  res.json({ user: session.userId ?? null, cart: session.get("cart") });
});
app.listen(3000);
`;

let folder: string;
let data: string;
let flask: PythonSite;
let sharing: Server;
let adopting: Server;
const servers = new SiteServers();

function recipe(mark: string): string {
  const found = RECIPES.find(({ code }) => code.includes(mark));
  expect(found).toBeDefined();
  return found?.code ?? "";
}

/** Starts the code of a step beside the Flask application. */
async function start(name: string, code: string): Promise<Server> {
  const file = join(folder, `${name}.ts`);
  const listening =
    "const listening = app.listen(0, () => console.log(Object(listening.address()).port));";
  expect(code).toContain("app.listen(3000);");
  writeFileSync(file, code.replace("app.listen(3000);", listening));
  const env = plainEnvironment({
    SECRET_KEY: flask.secret,
    ADOPTION_SECRET: "0123456789abcdef".repeat(4),
    NODE_ENV: "development",
  });
  return startServer([file], { cwd: data, env });
}

beforeAll(async () => {
  folder = folderInside("from-flask");
  data = mkdtempSync(join(tmpdir(), "sojourn-from-flask-"));
  flask = await PythonSite.start("Flask with Flask-Login", servers);
  sharing = await start("share", recipe("flaskSessions({ secretKey"));
  adopting = await start("adopt", recipe("flaskCookie<Shop>") + ROUTES);
}, 240_000);

afterAll(async () => {
  await Promise.all([sharing, adopting, flask, servers].map((server) => server?.stop()));
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

/** Asks for a page as a browser would that has this jar. */
async function visit(server: Server, jar: Jar, path: string, method = "GET"): Promise<Response> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const init = { method, headers: { cookie }, redirect: "manual" } as const;
  const response = await fetch(server.origin + path, init);
  for (const line of response.headers.getSetCookie()) keep(jar, line);
  return response;
}

describe("the guide for Flask", () => {
  let jar: Jar;
  beforeEach(async () => {
    jar = new Map();
    await flask.login(jar, "ada");
    await flask.change(jar, { cart: ["tea"] });
  });

  it("shares one sign-in at step 1, and one sign-out", async () => {
    const answer = await visit(sharing, jar, "/ts/whoami");
    expect(await answer.json()).toEqual({ user: "ada", cart: ["tea"] });
    expect((await visit(sharing, jar, "/ts/sign-out", "POST")).status).toBe(302);
    expect(await flask.show(jar)).toEqual({ user: null, values: {} });
  });

  it("takes a session over at step 3, and Flask's cookie away", async () => {
    for (const _ of ["taken over", "there"]) {
      const answer = await visit(adopting, jar, "/ts/whoami");
      expect(await answer.json()).toEqual({ user: "ada", cart: ["tea"] });
    }
    expect([...jar.keys()]).toEqual(["sid"]);
  });

  it("knows the user of a remember_token, as Flask-Login 0.6.2 has made it", async () => {
    const file = join(folder, "remembered.ts");
    writeFileSync(file, recipe("rememberedUser"));
    const { rememberedUser } = await import(file);
    const signature =
      "04ccabd1363153c78ef9844135d22434584f12d859a452c8391eb74ff4e9b78f5cd5a8e684fb33ffbee794da3016c9a9d42eed549ce41198435c75475d092cd7";
    expect(rememberedUser(`ada|${signature}`, "s3crét")).toBe("ada");
    expect(rememberedUser(`eve|${signature}`, "s3crét")).toBeUndefined();
    expect(rememberedUser(`ada|${signature}`, "another")).toBeUndefined();
    expect(rememberedUser("ada", "s3crét")).toBeUndefined();
  });
});
