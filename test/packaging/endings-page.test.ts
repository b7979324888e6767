import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

const PATIENCE_MS = 30_000;

let folder: string;
let data: string;
let server: Server;

beforeAll(async () => {
  const page = markdownExamples().filter(({ place }) => place.startsWith("docs/endings.md"));
  const recipe = page.find(({ code }) => code.includes('"upgrade"'));
  const code = recipe?.code ?? "";
  expect(code).toContain("server.listen(3000);");
  folder = folderInside("endings-page");
  data = mkdtempSync(join(tmpdir(), "sojourn-endings-page-"));
  const file = join(folder, "server.ts");
  const listening = "server.listen(0, () => console.log(Object(server.address()).port));";
  writeFileSync(file, code.replace("server.listen(3000);", listening));
  server = await startServer([file], { cwd: data });
});

afterAll(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

async function post(path: string, cookie: string): Promise<string> {
  const response = await fetch(server.origin + path, { method: "POST", headers: { cookie } });
  expect(response.status).toBe(204);
  return response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
}

/** Opens a socket as a browser does, and resolves once it is open, or cannot be. */
async function connected(cookie: string): Promise<WebSocket | undefined> {
  // Node's own WebSocket takes headers, which the type of the web's does not know.
  const Socket = WebSocket as unknown as new (url: string, options: object) => WebSocket;
  const socket = new Socket(server.origin.replace("http", "ws"), { headers: { cookie } });
  return new Promise((resolve) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => resolve(undefined);
  });
}

describe("the WebSocket server of the page on endings", () => {
  it("closes a socket when its session has ended, and no other", async () => {
    const [ada, other] = [await post("/sign-in", ""), await post("/sign-in", "")];
    const [socket, another] = [await connected(ada), await connected(other)];
    const closed = new Promise<number>((resolve, reject) => {
      if (socket !== undefined) socket.onclose = ({ code }) => resolve(code);
      setTimeout(() => reject(new Error("it stays open")), PATIENCE_MS).unref();
    });
    await post("/sign-out", ada);
    expect(await closed).toBe(4401);
    expect(another?.readyState).toBe(WebSocket.OPEN);
    another?.close();
  });

  it("refuses who is not signed in", async () => {
    expect(await connected("")).toBeUndefined();
  });
});
