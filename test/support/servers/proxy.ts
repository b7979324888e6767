import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Random } from "../random.ts";

/** How a proxy treats what passes through it. */
export interface ProxyOptions {
  /** The port on 127.0.0.1 of the server behind it. Nobody need listen there yet. */
  readonly port: number;
  /** The n-th connection draws the same numbers for the same seed, whatever the others do. */
  readonly seed: number;
  /** How long each piece of data waits, each way, in ms. @defaultValue none */
  readonly delayMs?: readonly [min: number, max: number];
  /** How likely a connection is reset right after a request, so that its answer is lost. */
  readonly cutChance?: number;
}

/** What a proxy does with data: hand it on, keep it until later, or lose the answers. */
type Traffic = "passing" | "held" | "deaf";

/** Starts a TCP proxy on a free port of 127.0.0.1 in front of a server. */
export async function startProxy(options: ProxyOptions): Promise<TestProxy> {
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return new TestProxy(listener, options);
}

/** A network that goes wrong on command, and by chance drawn from a seed. */
export class TestProxy {
  readonly port: number;
  readonly #listener: Server;
  readonly #options: ProxyOptions;
  readonly #links = new Set<Link>();
  #traffic: Traffic = "passing";
  #behind: number;
  #delayMs: readonly [number, number];
  #accepted = 0;

  constructor(listener: Server, options: ProxyOptions) {
    this.port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
    this.#options = options;
    this.#behind = options.port;
    this.#delayMs = options.delayMs ?? [0, 0];
    listener.on("connection", (client) => this.#accept(client));
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** How many connections there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  /** From now on each piece of data waits this long, each way. */
  delay(min: number, max: number): void {
    this.#delayMs = [min, max];
    for (const link of this.#links) link.slowDown(this.#delayMs);
  }

  /** Everything is accepted and nothing passes, until `pass` hands it on, late. */
  hold(): void {
    this.#set("held");
  }

  /** Requests pass and answers are lost, until `pass`, which resets the connections that lost. */
  deafen(): void {
    this.#set("deaf");
  }

  pass(): void {
    this.#set("passing");
  }

  /** New connections lead to another server; those that are open stay where they are. */
  leadTo(port: number): void {
    this.#behind = port;
  }

  /** Over the connections that are open nothing passes any more, ever; over new ones it does. */
  strand(): void {
    for (const link of this.#links) link.strand();
  }

  /** Ends every connection: in order (FIN), or as a crash of the other side would (RST). */
  cut(how: "finish" | "reset"): void {
    for (const link of [...this.#links]) link.cut(how);
  }

  async close(): Promise<void> {
    this.cut("reset");
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #set(traffic: Traffic): void {
    this.#traffic = traffic;
    for (const link of [...this.#links]) link.set(traffic);
  }

  #accept(client: Socket): void {
    const random = Random.of(this.#options.seed, this.#accepted);
    this.#accepted += 1;
    const server = connect({ port: this.#behind, host: "127.0.0.1", allowHalfOpen: true });
    const { cutChance = 0 } = this.#options;
    const link = new Link(client, server, random, cutChance);
    this.#links.add(link);
    link.slowDown(this.#delayMs);
    link.set(this.#traffic);
    const forget = (): void => void this.#links.delete(link);
    client.once("close", forget);
  }
}

/** One connection: a pipe each way. It has a pace of its own, so that connections overtake. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #requests: Pipe;
  readonly #answers: Pipe;
  #isStranded = false;

  constructor(client: Socket, server: Socket, random: Random, cutChance: number) {
    this.#client = client;
    this.#server = server;
    const pace = random.next();
    this.#requests = new Pipe(client, server, { random, pace });
    this.#answers = new Pipe(server, client, { random, pace });
    this.#requests.onPassed = () => {
      if (cutChance > 0 && random.chance(cutChance)) this.cut("reset");
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.cut("reset"));
    }
    // One side that is gone for good takes the other along.
    client.once("close", () => server.destroy());
    server.once("close", () => this.#answers.close());
  }

  slowDown(delayMs: readonly [number, number]): void {
    this.#requests.delayMs = delayMs;
    this.#answers.delayMs = delayMs;
  }

  strand(): void {
    this.#isStranded = true;
    for (const pipe of [this.#requests, this.#answers]) pipe.hold(true);
  }

  set(traffic: Traffic): void {
    if (this.#isStranded) return;
    if (traffic === "passing" && this.#answers.hasLost) this.cut("reset");
    this.#answers.isLosing = traffic === "deaf";
    for (const pipe of [this.#requests, this.#answers]) pipe.hold(traffic === "held");
  }

  cut(how: "finish" | "reset"): void {
    for (const socket of [this.#client, this.#server]) {
      if (how === "reset") socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }
}

interface Temper {
  readonly random: Random;
  /** Between 0 and 1: where in the bounds of the delay this connection tends to be. */
  readonly pace: number;
}

/** One direction: pieces leave in the order in which they came, each after its delay. */
class Pipe {
  delayMs: readonly [number, number] = [0, 0];
  isLosing = false;
  hasLost = false;
  onPassed: () => void = () => undefined;
  readonly #to: Socket;
  readonly #temper: Temper;
  /** `undefined` stands for the end of the stream. */
  readonly #waiting: { readonly piece: Buffer | undefined; readonly at: number }[] = [];
  #isHeld = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, temper: Temper) {
    this.#to = to;
    this.#temper = temper;
    from.on("data", (piece: Buffer) => this.#take(piece));
    from.once("end", () => this.#take(undefined));
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#pass();
  }

  /** The sender is gone: what it had sent still arrives, then the end. */
  close(): void {
    this.#take(undefined);
  }

  #take(piece: Buffer | undefined): void {
    this.#waiting.push({ piece, at: performance.now() + this.#delay() });
    this.#pass();
  }

  #delay(): number {
    const [min, max] = this.delayMs;
    if (max === 0) return 0;
    const { random, pace } = this.#temper;
    return min + ((pace + random.next()) / 2) * (max - min);
  }

  #pass(): void {
    if (this.#timer !== undefined || this.#isHeld) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const waitMs = next.at - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#wake(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#hand(next.piece);
    }
  }

  #wake(): void {
    this.#timer = undefined;
    this.#pass();
  }

  #hand(piece: Buffer | undefined): void {
    if (this.isLosing) {
      this.hasLost = true;
    } else if (piece === undefined) {
      this.#to.end();
    } else if (this.#to.writable) {
      this.#to.write(piece);
      this.onPassed();
    }
  }
}
