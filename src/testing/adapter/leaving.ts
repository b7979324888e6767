import assert from "node:assert/strict";
import type { AdapterAnswer } from "./port.ts";
import { SHOP } from "./shop.ts";
import { answer, eventually, type Gate, gate, type Stage, stream, type Tell } from "./stage.ts";

/** Visitors who do not wait for the answer. */
export function tellLeaving(tell: Tell): void {
  tell("stores what a visitor did who left before the answer", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      ...SHOP,
      "/slow": async ({ open }) => {
        const session = await open();
        await door.pass();
        session.set("name", "Ada");
        return answer("too late to be seen");
      },
    });
    await client.get("/count");
    const leaving = new AbortController();
    const request = client.get("/slow", { signal: leaving.signal });
    await door.reached;
    leaving.abort();
    await assert.rejects(request);
    assert.equal(await (await client.get("/untouched")).text(), "hello");
    door.open();
    const name = async (): Promise<string> => (await client.get("/name")).text();
    assert.equal(await eventually(name, (stored) => stored !== ""), "Ada");
  });

  tell("stores what a visitor did who left before a streamed answer", (stage) =>
    leaveEarly(stage, async (door) => {
      await door.pass();
      return stream(until(async () => undefined));
    }),
  );

  tell("stores what a visitor did who left before the first byte of a stream", (stage) =>
    leaveEarly(stage, async (door) => stream(after(door.pass))),
  );

  tell("knows a visitor who left before his session was opened", async (stage) => {
    const door = gate();
    const user = Promise.withResolvers<string | undefined>();
    const client = await stage.serve({
      ...SHOP,
      "/late": async ({ open }) => {
        await door.pass();
        user.resolve(await open().then(({ userId }) => userId));
        return answer("too late to be seen");
      },
    });
    await client.get("/sign-in");
    const leaving = new AbortController();
    const request = client.get("/late", { signal: leaving.signal });
    await door.reached;
    leaving.abort();
    await assert.rejects(request);
    // To and fro on another connection: the server has seen the first one go.
    for (let turns = 0; turns < 3; turns += 1) await client.get("/untouched");
    door.open();
    assert.equal(await user.promise, "ada");
  });

  tell("keeps what changed while a stream ran whose reader has left", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        const session = await open();
        return stream(
          (async function* () {
            yield "begin ";
            session.set("name", "Ada");
            yield "changed ";
            await door.pass();
            yield "end";
          })(),
        );
      },
    });
    await client.get("/count");
    const leaving = new AbortController();
    const response = await client.get("/stream", { signal: leaving.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes("changed")) seen += (await reader?.read())?.value ?? "changed";
    await reader?.cancel().catch(() => undefined);
    leaving.abort();
    const name = async (): Promise<string> => (await client.get("/name")).text();
    assert.equal(await eventually(name, (stored) => stored !== ""), "Ada");
    door.open();
  });

  tell("keeps the last words of a stream whose reader has left", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        const session = await open();
        return stream(
          (async function* () {
            try {
              yield* until(door.pass);
            } finally {
              session.set("name", "Ada");
            }
          })(),
        );
      },
    });
    await client.get("/count");
    const leaving = new AbortController();
    const response = await client.get("/stream", { signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    reader?.read().catch(() => undefined);
    await door.reached;
    // Within one process it waits for the source, which waits at the door.
    reader?.cancel().catch(() => undefined);
    leaving.abort();
    // To and fro on another connection: the server has seen the first one go.
    for (let turns = 0; turns < 3; turns += 1) await client.get("/untouched");
    door.open();
    const name = async (): Promise<string> => (await client.get("/name")).text();
    assert.equal(await eventually(name, (stored) => stored !== ""), "Ada");
  });

  tell("goes on serving when a visitor leaves in the middle of a stream", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        (await open()).set("name", "Ada");
        return stream(until(door.pass));
      },
    });
    const leaving = new AbortController();
    const response = await client.get("/stream", { signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel().catch(() => undefined);
    leaving.abort();
    assert.equal(await (await client.get("/name")).text(), "Ada");
    door.open();
    assert.equal(await (await client.get("/count")).text(), "1");
  });
}

/** Who leaves while the handler, or what it streams, stands at the door. */
async function leaveEarly(
  stage: Stage,
  answered: (door: Gate) => Promise<AdapterAnswer>,
): Promise<void> {
  const door = gate();
  const client = await stage.serve({
    ...SHOP,
    "/slow": async ({ open }) => {
      (await open()).set("name", "Ada");
      return answered(door);
    },
  });
  await client.get("/count");
  const leaving = new AbortController();
  const left = client.get("/slow", { signal: leaving.signal }).then(
    ({ body }) => body?.cancel().catch(() => undefined),
    () => undefined,
  );
  // Within one process nobody produces what is not read.
  await Promise.race([door.reached, left]);
  leaving.abort();
  // To and fro on another connection: the server has seen the first one go.
  for (let turns = 0; turns < 3; turns += 1) await client.get("/untouched");
  door.open();
  const name = async (): Promise<string> => (await client.get("/name")).text();
  assert.equal(await eventually(name, (stored) => stored !== ""), "Ada");
  await left;
}

async function* after(pass: () => Promise<void>): AsyncGenerator<string> {
  await pass();
  yield "too late to be seen";
}

async function* until(pass: () => Promise<void>): AsyncGenerator<string> {
  yield "begin ";
  await pass();
  yield "end";
}
