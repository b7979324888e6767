import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Express } from "express";
import type { Sessions } from "sojourn";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen } from "../frameworks/support/server.ts";
import { markdownExamples } from "../packaging/support/examples.ts";
import { folderInside } from "../packaging/support/project.ts";

interface Shop {
  readonly app: Express;
  readonly sessions: Sessions<object>;
}

interface Client {
  sessionFetch(
    base: string,
    place: { read(): Promise<string>; write(token: string): Promise<void> },
  ): (path: string, init?: RequestInit) => Promise<Response>;
}

const EXAMPLES = markdownExamples().filter(({ place }) => place.startsWith("docs/api-clients.md"));

let folder: string;
let data: string;
let shop: Shop;

beforeAll(async () => {
  folder = folderInside("api-clients");
  data = mkdtempSync(join(tmpdir(), "sojourn-api-clients-"));
  shop = await moduleOf<Shop>("cookieOrBearer()", "export { app, sessions };");
});

afterAll(async () => {
  await shop.sessions.close();
  for (const place of [folder, data]) rmSync(place, { recursive: true, force: true });
});

async function moduleOf<Module>(words: string, exported = ""): Promise<Module> {
  const code = EXAMPLES.find((example) => example.code.includes(words))?.code ?? "";
  const file = join(folder, `${words.replace(/\W+/g, "-")}.ts`);
  const here = code.replace('"sessions.db"', JSON.stringify(join(data, "sessions.db")));
  writeFileSync(file, `${here}\n${exported}\n`);
  return import(/* @vite-ignore */ file);
}

it("docs/api-clients.md shows a server and a client that understand each other", async () => {
  const { sessionFetch } = await moduleOf<Client>("sessionFetch", "export { sessionFetch };");
  const { createServer } = await import("node:http");
  const { target, close } = await listen(createServer(shop.app));
  const held: string[] = [""];
  const call = sessionFetch(target, {
    read: async () => held.at(-1) ?? "",
    write: async (token) => void held.push(token),
  });
  const add = (): Promise<Response> =>
    call("/cart", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sku: "tea" }),
    });
  expect((await add()).status).toBe(401);
  await call("/sign-in", { method: "POST" });
  expect(await (await add()).json()).toEqual(["tea"]);
  expect(await (await add()).json()).toEqual(["tea", "tea"]);
  await call("/sign-out", { method: "POST" });
  expect((await add()).status).toBe(401);
  expect(held).toEqual(["", expect.stringMatching(/^[\w-]{43}$/), ""]);
  await close?.();
});
