import { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Answer } from "./rivals.ts";
import { HEADERS } from "./shop.ts";

/** The browser's end of a connection that is encrypted, to all appearances. */
class MemorySocket extends Duplex {
  readonly encrypted = true;
  readonly remoteAddress = "203.0.113.7";
  received = "";

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.received += chunk.toString("latin1");
    done();
  }
}

/** An answer as it came over the socket, whose head is not looked at before it is asked for. */
class Received implements Answer {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    this.status = status;
    this.text = text;
  }

  get cookies(): string[] {
    return [...this.text.matchAll(/^set-cookie: (.*?)\r$/gim)].map(([, line = ""]) => line);
  }
}

/** A real request of Node's, over a socket in memory. */
export function request(listener: RequestListener, path: string, cookie: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = new MemorySocket();
    const asSocket = socket as unknown as Socket;
    const req = new IncomingMessage(asSocket);
    req.method = "GET";
    req.url = path;
    req.headers = { ...HEADERS, cookie };
    const res = new ServerResponse(req);
    res.assignSocket(asSocket);
    res.on("finish", () => resolve(new Received(res.statusCode, socket.received)));
    listener(req, res);
  });
}
