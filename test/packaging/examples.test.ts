import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "./support/browser.ts";
import { castsIn, commentExamples, markdownExamples, moduleOf } from "./support/examples.ts";
import { run, type Server, startServer } from "./support/processes.ts";
import { folderInside, ROOT } from "./support/project.ts";

const EXAMPLES = [...markdownExamples(), ...commentExamples()];

let folder: string;

beforeAll(() => {
  folder = folderInside("examples");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the examples of the documentation", () => {
  it("are found", () => {
    expect(markdownExamples().length).toBeGreaterThanOrEqual(3);
    expect(commentExamples().length).toBeGreaterThanOrEqual(15);
  });

  it.each(EXAMPLES)("need no cast: $place", ({ code }) => {
    expect(castsIn(code)).toEqual([]);
  });

  it("compile under strict TypeScript, as one program", { timeout: 240_000 }, async () => {
    const places = EXAMPLES.map((example, index) => {
      const name = `example-${index}.ts`;
      writeFileSync(join(folder, name), moduleOf(example, folder));
      return [name, example.place] as const;
    });
    const next = "../../test/packaging/support/next.d.ts";
    const config = { extends: "../../tsconfig.json", include: ["*.ts", next] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { code, stdout } = await run(process.execPath, [
      join(ROOT, "node_modules/typescript/bin/tsc"),
      "--project",
      folder,
      "--pretty",
      "false",
    ]);
    const told = places.reduce(
      (text, [name, place]) => text.replaceAll(name, `${place} (${name})`),
      stdout,
    );
    expect(told).toBe("");
    expect(code).toBe(0);
  });
});

describe("the first example of the README", () => {
  const first = markdownExamples().find(({ place }) => place.startsWith("README.md"));
  let data: string;
  let server: Server;

  async function start(): Promise<Server> {
    const file = join(folder, "first.ts");
    const listening =
      "const listening = app.listen(0, () => console.log(Object(listening.address()).port));";
    const code = first?.code ?? "";
    expect(code).toContain("app.listen(3000);");
    writeFileSync(file, code.replace("app.listen(3000);", listening));
    return startServer([file], { cwd: data });
  }

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), "sojourn-readme-"));
    server = await start();
  });

  afterAll(async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it("shows a new visitor the defaults, and sends no cookie", async () => {
    const page = await new Browser(server.origin).get("/cart");
    expect(JSON.parse(page.text)).toEqual({ cart: [], theme: "light" });
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it("keeps what was stored before the redirect", async () => {
    const browser = new Browser(server.origin);
    const redirect = await browser.post("/cart", { sku: "tea" });
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get("location")).toBe("/cart");
    expect(redirect.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const page = await browser.get("/cart");
    expect(JSON.parse(page.text)).toEqual({ cart: ["tea"], theme: "dark" });
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it("loses none of many clicks at once", async () => {
    const browser = new Browser(server.origin);
    await browser.post("/cart", { sku: "0" });
    const clicks = Array.from({ length: 20 }, (_, index) => String(index + 1));
    const replies = await Promise.all(clicks.map((sku) => browser.post("/cart", { sku })));
    expect(replies.map(({ status }) => status)).toEqual(clicks.map(() => 302));
    const { cart } = JSON.parse((await browser.get("/cart")).text);
    expect(cart.map(Number).toSorted((one: number, other: number) => one - other)).toEqual(
      Array.from({ length: 21 }, (_, index) => index),
    );
  });

  it("keeps visitors apart", async () => {
    const [one, other] = [new Browser(server.origin), new Browser(server.origin)];
    await one.post("/cart", { sku: "tea" });
    await other.post("/cart", { sku: "cup" });
    expect(JSON.parse((await one.get("/cart")).text).cart).toEqual(["tea"]);
    expect(JSON.parse((await other.get("/cart")).text).cart).toEqual(["cup"]);
  });

  it("says nothing on standard error but that SQLite is new in Node, and that this is development", () => {
    const lines = server
      .complaints()
      .split("\n")
      .filter((line) => line !== "");
    const others = lines.filter((line) => !/SQLite is an experimental|--trace-warnings/.test(line));
    expect(others).toEqual([
      expect.stringMatching(/SojournWarning: As NODE_ENV is not set.*set NODE_ENV=production/),
    ]);
  });

  it("still knows its visitors after a restart", async () => {
    const browser = new Browser(server.origin);
    await browser.post("/cart", { sku: "tea" });
    await server.stop();
    server = await start();
    browser.visit(server.origin);
    expect(JSON.parse((await browser.get("/cart")).text).cart).toEqual(["tea"]);
  });
});
