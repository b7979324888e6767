import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { io } from "socket.io-client";
import type { Sessions, Untyped } from "sojourn";
import { issue } from "sojourn/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

let folder: string;
let data: string;
let server: Server;

beforeAll(() => {
  folder = folderInside("live-connections-page");
  data = mkdtempSync(join(tmpdir(), "sojourn-live-page-"));
});
afterEach(() => server?.stop());
afterAll(() => {
  rmSync(data, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** The example of the page that has these words in it, as a file. */
function fileOf(words: string, listening?: string): string {
  const page = markdownExamples().filter(({ place }) =>
    place.startsWith("docs/live-connections.md"),
  );
  const code = page.find((example) => example.code.includes(words))?.code ?? "";
  const file = join(folder, `${words.replace(/\W+/g, "-")}.ts`);
  const [before = "", after] = code.split(/\w+\.listen\(3000\);/);
  expect(after === undefined).toBe(listening === undefined);
  writeFileSync(file, `${before}${listening ?? "export { sessions };"}`);
  return file;
}

/** Starts it, at a port of its own. */
async function start(words: string, name: "app" | "server"): Promise<void> {
  const listening = `const l = ${name}.listen(0, () => console.log(Object(l.address()).port));`;
  server = await startServer([fileOf(words, listening)], { cwd: data });
}

async function post(path: string, cookie = ""): Promise<string> {
  const response = await fetch(server.origin + path, { method: "POST", headers: { cookie } });
  expect(response.status).toBe(204);
  return response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
}

describe("the servers of the page on live connections", () => {
  it("count messages over `ws`, and close the socket with its session", async () => {
    await start("acceptSockets", "server");
    const cookie = await post("/sign-in");
    const socket = new WebSocket(server.origin.replace("http", "ws"), { headers: { cookie } });
    await once(socket, "open");
    for (const count of [1, 2]) {
      socket.send("hello");
      expect(String((await once(socket, "message"))[0])).toBe(`ada has sent ${count}`);
    }
    const closed = once(socket, "close");
    await post("/sign-out", cookie);
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, "signedOut"]);
  });

  it("greet over socket.io, and tell the client of the end", async () => {
    await start("socketMiddleware", "server");
    const cookie = await post("/sign-in");
    const socket = io(server.origin, { extraHeaders: { cookie } });
    const told = (name: string): Promise<unknown> =>
      new Promise((resolve) => socket.once(name, resolve));
    expect(await told("hello")).toBe("ada");
    const ended = told("sessionEnded");
    await post("/sign-out", cookie);
    expect(await ended).toEqual({ reason: "signedOut", code: 4401 });
    socket.close();
  });

  it("send events, and end the stream with the session", async () => {
    await start("until: res", "app");
    expect((await fetch(`${server.origin}/events`)).status).toBe(401);
    const cookie = await post("/sign-in");
    const response = await fetch(`${server.origin}/events`, { headers: { cookie } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: hello, ada\n\n");
    await post("/sign-out", cookie);
    expect((await reader?.read())?.value).toBe("event: ended\ndata: signedOut\n\n");
    expect((await reader?.read())?.done).toBe(true);
  });

  it("send events of a handler that takes a Request", async () => {
    const file = fileOf("events(request: Request)");
    const { events, sessions } = (await import(pathToFileURL(file).href)) as {
      readonly events: (request: Request) => Promise<Response>;
      readonly sessions: Sessions<Untyped>;
    };
    expect((await events(new Request("http://localhost/"))).status).toBe(401);
    const { development } = await issue(sessions, { userId: "ada" });
    const headers = { cookie: development?.cookie ?? "" };
    const response = await events(new Request("http://localhost/", { headers }));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: hello, ada\n\n");
    await sessions.revokeAll({ userId: "ada" });
    expect((await reader?.read())?.done).toBe(true);
    await sessions.close();
  });
});
