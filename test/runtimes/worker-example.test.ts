import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WORKERS } from "../../src/cli/init/setups/workers.ts";
import { STORES } from "../../src/cli/init/stores.ts";
import { testClient } from "../../src/testing/index.ts";
import { ROOT } from "../packaging/support/project.ts";
import { exampleFolder } from "./support/folder.ts";
import { cloudflare, type RunningSite, startSite } from "./support/runtime.ts";

const SESSION_KEYS = "JyiPwGSfSNfQw7WYI1tqCLeAyXGyKb_jQBWQh-6xMBA";

const MODES = [
  ["development", "http://localhost"],
  ["production", "https://shop.example"],
] as const;

describe.each(MODES)("the example for Workers in %s", (mode, origin) => {
  let site: RunningSite;
  beforeAll(async () => {
    const { compatibility_date: date, compatibility_flags: flags } = JSON.parse(
      await readFile(join(ROOT, "examples/workers/wrangler.jsonc"), "utf8"),
    );
    const vars = { NODE_ENV: mode, SESSION_KEYS };
    const runtime = cloudflare({ date, flags, vars, protoHeader: "X-Forwarded-Proto" });
    site = await startSite(runtime, exampleFolder("workers"));
  });
  afterAll(() => site?.stop());

  it("counts, signs in and out, and keeps nothing itself", async () => {
    const client = testClient(site.origin, mode === "production" ? { origin } : {});
    const page = async (): Promise<string> => (await client.get("/")).text();
    expect(await page()).toMatch(/Hello, stranger\.[\s\S]*Visit 1\b/);
    expect(await page()).toContain("Visit 2");
    expect(await (await client.post("/sign-in", { form: { user: "ada" } })).text()).toMatch(
      /Hello, ada\.[\s\S]*Visit 3\b/,
    );
    expect(await (await client.post("/sign-out")).text()).toContain("Hello, stranger.");
    expect(site.complaints()).toBe("");
  });
});

it("the example for Workers is what sojourn init writes", async () => {
  const [store] = STORES;
  const project = { dependencies: {}, isTypeScript: true, hasFile: () => false };
  for (const { path, text } of store === undefined ? [] : WORKERS.files(project, store)) {
    expect(await readFile(join(ROOT, "examples/workers", path), "utf8")).toBe(text);
  }
});
