import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startProxy, type TestProxy } from "./proxy.ts";

let server: Server;
let heard: string[] = [];
let proxy: TestProxy | undefined;
const clients: Socket[] = [];
let accepted: Socket[] = [];

beforeEach(async () => {
  heard = [];
  accepted = [];
  // Says back what it hears.
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on("error", () => undefined);
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard.push(text);
      socket.write(text.toUpperCase());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy?.close();
  proxy = undefined;
  server.close();
});

async function start(options: { delayMs?: [number, number]; cutChance?: number } = {}) {
  const { port } = server.address() as AddressInfo;
  proxy = await startProxy({ port, seed: 7, ...options });
  return proxy;
}

async function dial({ port }: TestProxy): Promise<Socket> {
  const client = connect(port, "127.0.0.1").setEncoding("utf8");
  clients.push(client);
  client.on("error", () => undefined);
  await once(client, "connect");
  return client;
}

async function ask(client: Socket, text: string): Promise<string> {
  const answer = once(client, "data");
  client.write(text);
  return String(await answer);
}

/** Resolves once the condition holds; the test's own timeout is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resume) => setTimeout(resume, 1));
}

/** `once` would reject at the error that comes before. */
async function closed(client: Socket): Promise<void> {
  if (!client.closed) await new Promise((resolve) => client.once("close", resolve));
}

async function code(client: Socket): Promise<string | undefined> {
  const [error] = await once(client, "error");
  return error.code;
}

/** How many requests were answered before the connection was reset. */
async function answersUntilCut(client: Socket): Promise<number> {
  let answers = 0;
  client.on("data", () => {
    answers += 1;
    client.write("more");
  });
  client.write("first");
  await closed(client);
  return answers;
}

describe("the proxy in front of a test server", () => {
  it("passes both ways", async () => {
    const client = await dial(await start());
    expect(await ask(client, "hello")).toBe("HELLO");
  });

  it("delays within its bounds, each way", async () => {
    const client = await dial(await start({ delayMs: [20, 40] }));
    const begun = performance.now();
    await ask(client, "hello");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(39);
  });

  it("lets connections overtake each other, and the pieces of one never", async () => {
    const network = await start({ delayMs: [0, 40] });
    const many = await Promise.all(Array.from({ length: 12 }, () => dial(network)));
    for (const [n, client] of many.entries()) client.write(`${n},`);
    await until(() => heard.length === 12);
    expect(heard).not.toEqual(many.map((_, n) => `${n},`));
    heard = [];
    const [one] = many;
    for (let n = 10; n < 20; n += 1) {
      one?.write(`${n},`);
      await new Promise(setImmediate);
    }
    await until(() => heard.join("").length === 30);
    expect(heard.join("")).toBe("10,11,12,13,14,15,16,17,18,19,");
  });

  it("holds what is sent, and hands it on later", async () => {
    const network = await start();
    const client = await dial(network);
    await ask(client, "before");
    network.hold();
    const late = await dial(network);
    const answers = Promise.all([ask(client, "one"), ask(late, "two")]);
    await new Promise((resume) => setTimeout(resume, 30));
    expect(heard).toEqual(["before"]);
    network.pass();
    expect(await answers).toEqual(["ONE", "TWO"]);
  });

  it("leads new connections to another server, and leaves the others", async () => {
    const network = await start();
    const client = await dial(network);
    expect(await ask(client, "a")).toBe("A");
    const other = createServer((socket) => void socket.end("other"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    network.leadTo((other.address() as AddressInfo).port);
    expect(await ask(await dial(network), "b")).toBe("other");
    expect(await ask(client, "c")).toBe("C");
    other.close();
  });

  it("strands the connections that are open for good, and passes on new ones", async () => {
    const { port } = await start();
    const stranded = await dial({ port } as TestProxy);
    expect(await ask(stranded, "a")).toBe("A");
    proxy?.strand();
    stranded.write("b");
    const fresh = await dial({ port } as TestProxy);
    expect(await ask(fresh, "c")).toBe("C");
    proxy?.hold();
    proxy?.pass();
    expect(await ask(fresh, "d")).toBe("D");
    expect(heard).toEqual(["a", "c", "d"]);
  });

  it("loses an answer after the request has passed, and then resets the connection", async () => {
    const network = await start();
    const client = await dial(network);
    network.deafen();
    client.write("write");
    await until(() => heard.includes("write"));
    const reset = code(client);
    await new Promise((resume) => setTimeout(resume, 20));
    network.pass();
    expect(await reset).toBe("ECONNRESET");
    expect(await ask(await dial(network), "again")).toBe("AGAIN");
  });

  it("cuts connections by RST and by FIN on command, and accepts new ones", async () => {
    const network = await start();
    const client = await dial(network);
    await ask(client, "hello");
    const reset = code(client);
    network.cut("reset");
    expect(await reset).toBe("ECONNRESET");
    const second = await dial(network);
    await ask(second, "hello");
    const ended = once(second, "end");
    network.cut("finish");
    await ended;
    expect(await ask(await dial(network), "hello")).toBe("HELLO");
  });

  it("cuts by chance after a request, at the same one for the same seed", async () => {
    const survived: number[] = [];
    for (let run = 0; run < 2; run += 1) {
      const network = await start({ cutChance: 0.1 });
      survived.push(await answersUntilCut(await dial(network)));
      await network.close();
      proxy = undefined;
    }
    expect(survived[0]).toBeGreaterThan(0);
    expect(survived[1]).toBe(survived[0]);
  });

  it("ends the client's connection when the server dies, and finds the server again", async () => {
    const network = await start();
    const client = await dial(network);
    await ask(client, "hello");
    const { port } = server.address() as AddressInfo;
    const lost = once(client, "end");
    server.close();
    for (const socket of accepted) socket.destroy();
    await lost;
    const refused = await dial(network);
    await closed(refused);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    expect(await ask(await dial(network), "hello")).toBe("HELLO");
  });

  it("forgets connections that are closed", async () => {
    const network = await start();
    const client = await dial(network);
    await ask(client, "hello");
    expect(network.connections).toBe(1);
    client.destroy();
    await until(() => network.connections === 0);
  });
});
