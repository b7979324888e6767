import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testClient } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

const RECIPES = markdownExamples().filter(({ place }) => place.startsWith("docs/cross-site.md"));
const FOREIGN = { "sec-fetch-site": "cross-site" };
const OWN = { "sec-fetch-site": "same-origin" };

let folder: string;
let data: string;
const servers = new Map<string, Server>();

beforeAll(async () => {
  folder = folderInside("cross-site");
  data = mkdtempSync(join(tmpdir(), "sojourn-cross-site-"));
  for (const name of ["bank", "shop", "post"]) {
    const listening = new RegExp(`${name}\\.listen\\(\\d+\\);`);
    const code = RECIPES.find((recipe) => listening.test(recipe.code))?.code ?? "";
    const file = join(folder, `${name}.ts`);
    const listen = `const on = ${name}.listen(0, () => console.log(Object(on.address()).port));`;
    // What it would send is heard on the other stream.
    const heard = code.replace("console.log(`To", "console.warn(`To");
    writeFileSync(file, heard.replace(listening, listen));
    servers.set(name, await startServer([file], { cwd: data }));
  }
}, 240_000);

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  for (const place of [folder, data]) rmSync(place, { recursive: true, force: true });
});

const at = (name: string): string => servers.get(name)?.origin ?? expect.unreachable();

const fieldIn = (html: string, name: string): string =>
  new RegExp(`name="${name}" (?:value|content)="([^"]+)"`).exec(html)?.[1] ?? "";

describe("docs/cross-site.md", () => {
  it("shows forms and scripts with a token", async () => {
    const client = testClient(at("bank"), { headers: OWN });
    const html = await (await client.get("/pay")).text();
    const form = { _csrf: fieldIn(html, "_csrf") };
    expect(await (await client.post("/pay", { form })).text()).toBe("Paid.");
    const headers = { "x-csrf-token": fieldIn(html, "csrf-token") };
    expect(await (await client.post("/pay", { headers })).text()).toBe("Paid.");
    expect((await client.post("/pay")).status).toBe(403);
    expect((await client.post("/pay", { form, headers: FOREIGN })).status).toBe(403);
  });

  it("shows a sign-in that another site's form finishes", async () => {
    const client = testClient(at("shop"));
    const away = await client.get("/sign-in", { redirect: "manual" });
    const state = new URL(away.headers.get("location") ?? "").searchParams.get("RelayState") ?? "";
    const form = { RelayState: state };
    const stranger = await testClient(at("shop")).post("/acs", { form, headers: FOREIGN });
    expect(stranger.status).toBe(403);
    const back = await client.post("/acs", { form, headers: FOREIGN });
    expect(await back.text()).toBe("Signed in as ada");
    expect((await client.post("/acs", { form, headers: FOREIGN })).status).toBe(403);
  });

  it("shows a link in a mail that is opened elsewhere", async () => {
    const desk = testClient(at("post"), { headers: OWN });
    await desk.post("/mail", { form: { email: "ada@example.com" } });
    const sent = (): string =>
      /\/enter\?state=\S+/.exec(servers.get("post")?.complaints() ?? "")?.[0] ?? "";
    await expect.poll(sent).not.toBe("");
    const phone = testClient(at("post"), { headers: OWN });
    const asked = await (await phone.get(sent())).text();
    const form = { state: fieldIn(asked, "state"), confirmed: fieldIn(asked, "confirmed") };
    const again = await (await phone.post("/enter", { form })).text();
    expect(again).toContain("Was it you?");
    const confirmed = fieldIn(again, "confirmed");
    const entered = await phone.post("/enter", { form: { ...form, confirmed } });
    expect(await entered.text()).toBe("ada@example.com");
    expect(await (await desk.get("/")).text()).toBe("Nobody");
  });
});
