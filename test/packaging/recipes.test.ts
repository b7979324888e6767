import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Sessions, Untyped } from "sojourn";
import { issue, type TestClient, testClient } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markdownExamples } from "./support/examples.ts";
import { run } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

type Deed = (request: Request, ...rest: readonly unknown[]) => unknown;
type Changes = Readonly<Record<string, string>>;

const EXAMPLES = markdownExamples();
const closing: (() => unknown)[] = [];

let folder: string;
let data: string;

beforeAll(() => {
  folder = folderInside("recipes");
  data = mkdtempSync(join(tmpdir(), "sojourn-recipes-"));
});

afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

/** The recipe of a page that has these words, in a file of its own. */
function fileOf(page: string, words: string, changes: Changes = {}, exported = ""): string {
  const found = EXAMPLES.find(
    ({ place, code }) => place.startsWith(`docs/${page}.md`) && code.includes(words),
  );
  let code = found?.code ?? "";
  expect(code, `${page}: ${words}`).not.toBe("");
  for (const [from, to] of Object.entries(changes)) {
    expect(code).toContain(from);
    code = code.replaceAll(from, to);
  }
  const file = join(folder, `${page}-${words.replace(/\W+/g, "-")}.ts`);
  writeFileSync(file, `${code}\n${exported}\n`);
  return file;
}

/** A recipe as a module, with what it does not export itself. */
async function moduleOf<Name extends string>(
  file: string,
): Promise<Record<Name, Deed> & { readonly sessions: Sessions<Untyped> }> {
  const module = await import(/* @vite-ignore */ file);
  if (module.sessions !== undefined) closing.push(() => module.sessions.close());
  return module;
}

/** A visitor of an application each of whose requests does what it is told. */
function visitor(sessions: Sessions<Untyped>): TestClient & {
  does(deed: Deed, ...rest: readonly unknown[]): Promise<unknown>;
} {
  let next: Deed = () => undefined;
  const client = testClient((request) => {
    const deed = next;
    return sessions.handle(request, async () => Response.json((await deed(request)) ?? null));
  });
  const does = async (deed: Deed, ...rest: readonly unknown[]): Promise<unknown> => {
    next = (request) => deed(request, ...rest);
    const response = await client.get("/");
    return response.ok ? response.json() : response.status;
  };
  return { ...client, does };
}

/** A server for one test; resolves to its address. */
async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  closing.push(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the recipes for exclusive work", () => {
  it("send a refresh token once for twenty requests, and none that is doubtful", async () => {
    const sent: (string | null)[] = [];
    const provider = await served(async (req, res) => {
      const token = new URLSearchParams(await text(req)).get("refresh_token");
      sent.push(token);
      if (token === "hopeless") return void res.writeHead(503).end();
      const granted = { access_token: "new", refresh_token: "next", expires_in: 3_600 };
      res.end(JSON.stringify(granted));
    });
    const changes = { "https://id.example": provider };
    const file = fileOf("exclusive", "refresh_token", changes, "export { sessions };");
    const { sessions, accessToken } = await moduleOf<"accessToken">(file);
    const tokens = { access: "old", refresh: "first", expiresAt: Date.now() };
    const ada = visitor(sessions);
    ada.use(await issue(sessions, { userId: "ada", data: { tokens } }));
    const asked = Array.from({ length: 20 }, () => ada.does(accessToken));
    expect(await Promise.all(asked)).toEqual(Array(20).fill("new"));
    expect(sent).toEqual(["first"]);

    const bea = visitor(sessions);
    const doubtful = { ...tokens, refresh: "hopeless" };
    bea.use(await issue(sessions, { userId: "bea", data: { tokens: doubtful } }));
    await expect(bea.does(accessToken)).rejects.toThrow("503");
    expect(await bea.does(accessToken)).toBe(null);
    expect(sent).toEqual(["first", "hopeless"]);
  });

  it("charge a card once, though the first answer is lost", async () => {
    const keys: (string | undefined)[] = [];
    const shop = await served(async (req, res) => {
      keys.push(String(req.headers["idempotency-key"]));
      if (keys.length === 1) req.socket.destroy();
      else res.end("receipt 1");
    });
    const changes = { "https://pay.example": shop };
    const file = fileOf("exclusive", "Idempotency-Key", changes, "export { sessions };");
    const { sessions, pay } = await moduleOf<"pay">(file);
    const ada = visitor(sessions);
    ada.use(await issue(sessions, { userId: "ada", data: { cart: ["tea"] } }));
    await expect(ada.does(pay)).rejects.toThrow();
    expect(await ada.does(pay)).toBe("receipt 1");
    expect(await ada.does(pay)).toBe("receipt 1");
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });
});

describe("the recipes for times, names and values", () => {
  it("take a code three times at the most", async () => {
    const exported = "export { sessions, codeSent, isCode };";
    const file = fileOf("lifetimes", "isCode", {}, exported);
    const { sessions, codeSent, isCode } = await moduleOf<"codeSent" | "isCode">(file);
    const visit = visitor(sessions);
    await visit.does(codeSent, "123456");
    expect(await visit.does(isCode, "000000")).toBe(false);
    expect(await visit.does(isCode, "123456")).toBe(true);
    expect(await visit.does(isCode, "123456")).toBe(false);
    await visit.does(codeSent, "123456");
    for (let tries = 0; tries < 3; tries += 1) await visit.does(isCode, "000000");
    expect(await visit.does(isCode, "123456")).toBe(false);
  });

  it("end a sign-in with that at the provider, and at a kiosk in twenty minutes", async () => {
    const names = "signInByProvider, signInAtKiosk";
    const file = fileOf("lifetimes", "signInAtKiosk", {}, `export { sessions, ${names} };`);
    const module = await moduleOf<"signInByProvider" | "signInAtKiosk">(file);
    const { sessions } = module;
    const endsAt: Deed = async (request) => (await sessions.open(request)).endsAt;
    const visit = visitor(sessions);
    const exp = Math.floor(Date.now() / 1_000) + 60;
    await visit.does(module.signInByProvider, { sub: "ada", exp });
    expect(await visit.does(endsAt)).toBe(exp * 1_000);
    await visit.does(module.signInAtKiosk, "ada");
    expect(Number(await visit.does(endsAt)) - Date.now()).toBeLessThanOrEqual(20 * 60_000);
  });

  it("list devices by their names", async () => {
    const names = "devices, signInFrom, rename";
    const file = fileOf("sign-in", "signInFrom", {}, `export { sessions, ${names} };`);
    const module = await moduleOf<"devices" | "signInFrom" | "rename">(file);
    const visit = visitor(module.sessions);
    await visit.does(module.signInFrom, "ada", "Lisbon, Portugal");
    await visit.does(module.rename, "Kitchen tablet");
    const device = { label: "Kitchen tablet", place: "Lisbon, Portugal", isThisOne: true };
    expect(await visit.does(module.devices)).toEqual([expect.objectContaining(device)]);
  });

  it("keep a Map of whole numbers", async () => {
    const changes = { '"sessions.db"': JSON.stringify(join(data, "values.db")) };
    const { sessions, addToCart } = await moduleOf<"addToCart">(
      fileOf("values", "addToCart", changes),
    );
    const visit = visitor(sessions);
    const add: Deed = async (request) => String(await addToCart(request, "tea"));
    expect([await visit.does(add), await visit.does(add)]).toEqual(["1", "2"]);
  });
});

describe("the recipes beside the session, and at work", () => {
  it("keep a theme in a cookie", async () => {
    const file = fileOf("cookies", 'name: "theme"', {}, "export { app, sessions };");
    const { app } = (await moduleOf(file)) as unknown as { readonly app: RequestListener };
    const client = testClient(await served(app));
    expect(await (await client.get("/")).text()).toContain("light");
    expect(await (await client.post("/theme/dark")).text()).toContain("dark");
    expect(await (await client.post("/theme/none")).text()).toContain("light");
  });

  it("forget a person, and export what is kept of one", async () => {
    const changes = { '"sessions.db"': JSON.stringify(join(data, "personal.db")) };
    const file = fileOf("personal-data", "account/delete", changes, "export { app, sessions };");
    const module = await moduleOf(file);
    const { app } = module as unknown as { readonly app: RequestListener };
    const { sessions } = module;
    const { download } = await moduleOf<"download">(fileOf("personal-data", "ndjson"));
    const exported = download as unknown as (sessions: unknown, userId: string) => Response;
    const client = testClient(await served(app), { maxRedirects: 0 });
    const issued = await issue(sessions, { userId: "ada", data: { cart: ["tea"] } });
    await issue(sessions, { userId: "ada" });
    const lines = (await exported(sessions, "ada").text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).userId)).toEqual(["ada", "ada"]);
    const headers = { cookie: issued.development?.cookie ?? "" };
    const response = await client.post("/account/delete", { headers, redirect: "manual" });
    expect(response.headers.get("location")).toBe("/goodbye");
    expect(await sessions.list({ userId: "ada" })).toEqual([]);
  });

  it("start once the store is ready, and sweep by a script", async () => {
    const listening = "const l = app.listen(0, () => l.close()); await sessions.close();";
    for (const [words, changes, told] of [
      ["prepare", { "app.listen(3000);": listening }, ""],
      ["await sessions.close()", {}, "0 expired sessions deleted, none left\n"],
    ] as const) {
      const file = fileOf("operations", words, changes);
      expect(await run(process.execPath, [file], { cwd: data })).toMatchObject({
        code: 0,
        stdout: told,
      });
    }
  });
});
