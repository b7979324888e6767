import { once } from "node:events";
import { WebSocket } from "ws";

/** How a socket was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
  /** By `performance.now()`. */
  readonly at: number;
}

/** A browser with the cookie of one session, and sockets. */
export class Visitor {
  cookie = "";
  /** Of the session that was begun or given a new token last. */
  id = "";
  origin: string;
  readonly #sockets: Line[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  /** A visitor who has signed in. */
  static async of(origin: string, user: string): Promise<Visitor> {
    const visitor = new Visitor(origin);
    await visitor.ask(`signIn/${user}`);
    return visitor;
  }

  /** The same one at another process. */
  at(origin: string): Visitor {
    const copy = new Visitor(origin);
    copy.cookie = this.cookie;
    copy.id = this.id;
    return copy;
  }

  /** Sends a request, and takes the cookie that comes back. */
  async ask(path: string): Promise<string> {
    const response = await fetch(`${this.origin}/${path}`, {
      method: "POST",
      headers: { cookie: this.cookie },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    const [line] = response.headers.getSetCookie();
    if (line !== undefined) this.cookie = line.split(";", 1)[0] ?? "";
    if (/^(signIn|regenerate)/.test(path)) this.id = text;
    return text;
  }

  /** Opens a socket. @throws an error that tells the status of a refusal. */
  async connect(headers: Readonly<Record<string, string>> = {}): Promise<Line> {
    const socket = new WebSocket(`${this.origin.replace("http", "ws")}/socket`, {
      headers: { cookie: this.cookie, ...headers },
    });
    const line = new Line(socket);
    this.#sockets.push(line);
    await once(socket, "open");
    return line;
  }

  leave(): void {
    for (const { socket } of this.#sockets) socket.terminate();
  }
}

/** One socket, and what has come by it. */
export class Line {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #answers: ((answer: string) => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.#answers.shift()?.(String(data)));
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    socket.on("close", (code, reason) =>
      resolve({ code, reason: String(reason), at: performance.now() }),
    );
    socket.on("error", () => undefined);
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Says something, and resolves to the answer. */
  say(words: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#answers.push(resolve);
    this.socket.send(words);
    return promise;
  }
}

/** The status that a handshake is answered with. */
export async function statusOf(connecting: Promise<unknown>): Promise<number> {
  const error = await connecting.then(
    () => new Error("it was let in"),
    (error: unknown) => error as Error,
  );
  return Number(/response: (\d+)/.exec(error.message)?.[1]);
}
