import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testClient } from "../../../src/testing/index.ts";
import { type Project, project, type Server } from "../support/project.ts";
import { shown, submit } from "./support/page.ts";

const COMPILING_MS = 60_000;

let application: Project;
let server: Server;

beforeAll(async () => {
  const overlay = fileURLToPath(new URL("app/ways", import.meta.url));
  application = await project("next", { overlay });
  server = await application.start("next", ["dev", "-H", "127.0.0.1"]);
});

afterAll(async () => {
  await server?.stop();
  await application?.remove();
});

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(application.folder, file);
  const text = await readFile(path, "utf8");
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

it("serves plain http, as one manager, and signs nobody out as files change", async () => {
  const client = testClient(server.url);
  const signedIn = await submit(client, "/ways", "act", { name: "ada", what: "sign-in" });
  const [line = ""] = signedIn.headers.getSetCookie();
  expect(line).toMatch(/^ways=[\w-]{43}; Path=\/; HttpOnly; SameSite=lax$/);
  expect(shown(await signedIn.text())).toBe("name=ada visits=0 user=ada");
  const user = async (): Promise<unknown> => (await client.get("/ways/handler?what=who")).json();
  expect(await user()).toEqual({ user: "ada" });

  // Both layers evaluate the module that makes the sessions anew.
  await edit("lib/ways.ts", 'visits: 0, name: ""', 'visits: 0, name: "", more: true');
  await edit("app/ways/view.tsx", "visits=", "counted=");
  const page = async (): Promise<string> => (await client.get("/ways")).text();
  await expect.poll(page, { timeout: COMPILING_MS }).toContain("counted=");
  expect(await page()).toContain("name=ada counted=0 user=ada");
  expect(await user()).toEqual({ user: "ada" });
  expect(server.output()).not.toMatch(/already the name|OptionsError/);
});
