import { connect, type Socket } from "node:net";

/** An answer of Memcached's meta commands: its words, and the value of `VA`. */
export interface Answer {
  readonly words: readonly string[];
  readonly value: Buffer;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const LINE_END = Buffer.from("\r\n");
/** No line of Memcached's is longer. */
const MAX_LINE_BYTES = 8_192;
const NOTHING: Buffer = Buffer.alloc(0);

/** Where a server listens. */
export interface MemcachedAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * One connection to a Memcached, made at the first command, and anew after it was lost. Commands go out
 * at once, and are answered in order.
 */
export class MemcachedLine {
  readonly #address: MemcachedAddress;
  #socket: Socket | undefined;
  #waiting: Waiting[] = [];
  #received: Buffer = NOTHING;

  constructor(address: MemcachedAddress) {
    this.#address = address;
  }

  /** Sends a whole command. Rejects where the connection is lost, or was cut. */
  send(command: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#socket ??= this.#opened();
      this.#waiting.push({ resolve, reject });
      this.#socket.write(command);
    });
  }

  /** Gives the connection up: an answer did not come in its time, and none behind it will. */
  cut(): void {
    this.#lose(new Error("Memcached did not answer in time"));
  }

  #opened(): Socket {
    const socket = connect({ ...this.#address, noDelay: true });
    const lose = (error: Error): void => {
      if (this.#socket === socket) this.#lose(error);
    };
    socket.on("error", lose);
    socket.on("close", () => lose(new Error("Memcached closed the connection")));
    socket.on("data", (data: Buffer) => {
      if (this.#socket === socket) this.#receive(data);
    });
    // Nobody's process stays for a connection on which nothing is asked.
    return socket.unref();
  }

  #lose(error: Error): void {
    const [socket, waiting] = [this.#socket, this.#waiting];
    this.#socket = undefined;
    this.#waiting = [];
    this.#received = NOTHING;
    socket?.destroy();
    for (const { reject } of waiting) reject(error);
  }

  #receive(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    for (let answer = this.#next(); answer !== undefined; answer = this.#next()) {
      this.#waiting.shift()?.resolve(answer);
    }
    const isLine = this.#received.subarray(0, MAX_LINE_BYTES).includes(LINE_END);
    if (isLine || this.#received.length <= MAX_LINE_BYTES) return;
    this.#lose(new Error("what answers is no Memcached"));
  }

  #next(): Answer | undefined {
    const end = this.#received.indexOf(LINE_END);
    if (end < 0) return undefined;
    const words = this.#received.toString("latin1", 0, end).split(" ");
    const start = end + LINE_END.length;
    const size = words[0] === "VA" ? Number(words[1]) : undefined;
    const stop = size === undefined ? start : start + size + LINE_END.length;
    if (this.#received.length < stop) return undefined;
    const value = size === undefined ? NOTHING : this.#received.subarray(start, start + size);
    this.#received = this.#received.subarray(stop);
    return { words, value };
  }
}
