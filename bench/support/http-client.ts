/** Makes requests over real HTTP, in a process of its own: what it costs is not to be measured. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import type { Answer } from "./rivals.ts";
import { HEADERS } from "./shop.ts";

interface Task {
  readonly port: number;
  readonly path: string;
  readonly cookies: readonly string[];
  /** How many requests with each of them. */
  readonly times: number;
}

/** As a proxy on this machine passes it on that has ended TLS. */
function headersWith(cookie: string): Record<string, string> {
  return { ...HEADERS, cookie, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7" };
}

/** One request by Node's own client. */
export function visit(port: number, path: string, cookie: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ port, path, headers: headersWith(cookie), agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        const cookies = response.headers["set-cookie"] ?? [];
        resolve({ status: response.statusCode ?? 0, cookies, text });
      });
    });
    request.on("error", reject);
  });
}

/** Lets another process make the requests of a round, each cookie's on a connection of its own. */
export class Client {
  readonly #process: ChildProcess = fork(import.meta.filename, ["client"]);

  async run(task: Task): Promise<void> {
    this.#process.send(task);
    await once(this.#process, "message");
  }
}

/** One request after the other. */
function talk(port: number, request: string, times: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    let [left, received] = [times, ""];
    socket.on("connect", () => socket.write(request));
    socket.on("data", (chunk) => {
      received += chunk;
      if (!isWhole(received)) return;
      [left, received] = [left - 1, ""];
      if (left > 0) socket.write(request);
      else socket.end(resolve);
    });
    socket.on("error", reject);
  });
}

function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /^content-length: (\d+)/im.exec(received)?.[1];
  if (length === undefined) return received.endsWith("\r\n0\r\n\r\n");
  return received.length >= end + 4 + Number(length);
}

async function answer({ port, path, cookies, times }: Task): Promise<void> {
  await Promise.all(
    cookies.map((cookie) => {
      const lines = Object.entries(headersWith(cookie)).map(([name, value]) => `${name}: ${value}`);
      return talk(port, `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, times);
    }),
  );
}

if (process.argv[2] === "client") {
  process.on("message", (task: Task) => {
    void answer(task).then(() => process.send?.("done"));
  });
}
