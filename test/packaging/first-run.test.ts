import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sojournHere } from "../cli/support/command.ts";
import { freePort } from "../support/servers/test-server.ts";
import { Browser } from "./support/browser.ts";
import { emptyFolder } from "./support/packed.ts";
import { plainEnvironment, startServer } from "./support/processes.ts";
import { ROOT } from "./support/project.ts";

/** Those that a Node without a bundler serves, and that no development server says it for. */
const FRAMEWORKS = ["node", "express", "koa", "fastify"] as const;

let folder: string;

beforeAll(() => {
  folder = emptyFolder("first-run");
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["express", "koa", "fastify"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  symlinkSync(ROOT, join(folder, "node_modules/sojourn"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(FRAMEWORKS)("what sojourn init writes for %s", (name) => {
  const at = (): string => join(folder, name);

  beforeAll(async () => {
    mkdirSync(at());
    const manifest = { private: true, type: "module", devDependencies: { typescript: "1.0.0" } };
    writeFileSync(join(at(), "package.json"), JSON.stringify(manifest));
    expect((await sojournHere(["init", name], { folder: at() })).code).toBe(0);
  });

  /** Started as it tells, with nothing set but what is given. */
  async function started(env: Record<string, string>, use: (origin: string) => Promise<void>) {
    const port = await freePort();
    // The applications print nothing of their own.
    const announced = `await import("./app.ts"); console.log(${port});`;
    writeFileSync(join(at(), "start.js"), announced);
    const environment = plainEnvironment({ ...env, PORT: `${port}` });
    const server = await startServer(["start.js"], { cwd: at(), env: environment });
    try {
      await use(`http://localhost:${port}`);
    } finally {
      await server.stop();
    }
  }

  it("counts and signs in at its first run, with nothing set", async () => {
    await started({}, async (origin) => {
      const browser = new Browser(origin);
      expect((await browser.get("/")).text).toContain("Visit 1");
      expect((await browser.post("/sign-in", { user: "ada" })).status).toBe(303);
      expect((await browser.get("/")).text).toMatch(/Hello, ada\.<\/p>\n<p>Visit 2/);
    });
  });

  it("believes the proxy in front in production, and sends nothing over plain HTTP", async () => {
    await started({ NODE_ENV: "production" }, async (origin) => {
      const over = async (headers: Record<string, string>): Promise<string[]> =>
        (await fetch(origin, { headers })).headers.getSetCookie();
      expect(await over({ "x-forwarded-proto": "https" })).toEqual([
        expect.stringMatching(/^__Host-Http-session=.*; Secure/),
      ]);
      expect(await over({})).toEqual([]);
    });
  });

  it("sends no cookie through a proxy where NODE_ENV was forgotten", async () => {
    await started({}, async (origin) => {
      const response = await fetch(origin, { headers: { "x-forwarded-proto": "https" } });
      expect([response.status, response.headers.getSetCookie()]).toEqual([500, []]);
    });
  });
});
