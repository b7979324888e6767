import assert from "node:assert/strict";
import { get } from "node:http";
import type { Session } from "../../core/session.ts";
import type { AdapterData } from "./port.ts";
import { SHOP, sessionLines } from "./shop.ts";
import {
  answer,
  eventually,
  gate,
  ORIGIN,
  type Routes,
  type Stage,
  stream,
  type Tell,
} from "./stage.ts";

const PIECE = "0123456789abcde\n".repeat(4_096);
const PIECES = 80;

/** Law 4 for responses that come in pieces. */
export function tellStreaming(tell: Tell): void {
  tell("holds the first byte until what was set is stored", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        (await open()).set("name", "Ada");
        return stream(pieces("one ", "two ", "three"));
      },
    });
    const writes = stage.store.holdWrites();
    let isAnswered = false;
    const request = client.get("/stream").finally(() => {
      isAnswered = true;
    });
    await writes.reached;
    // A whole request to and fro is time enough for a byte that was let out too early.
    await client.get("/untouched");
    assert.equal(isAnswered, false);
    writes.release();
    const response = await request;
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await response.text(), "one two three");
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("answers 503 in place of a stream whose session cannot be stored", async (stage) => {
    const client = await stage.serve({
      "/stream": async ({ open }) => {
        (await open()).set("name", "Ada");
        return stream(pieces("piece-1 ", "piece-2 ", "piece-3"));
      },
    });
    stage.store.failWrites();
    const response = await client.get("/stream");
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /piece-\d/);
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  tell("lets the producer of a stream clean up that was answered in its place", async (stage) => {
    let begun = 0;
    let ended = 0;
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        (await open()).set("name", "Ada");
        return stream(
          (async function* () {
            begun += 1;
            try {
              for (;;) yield PIECE;
            } finally {
              ended += 1;
            }
          })(),
        );
      },
    });
    stage.store.failWrites();
    const response = await client.get("/stream");
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /0123/);
    const left = async (): Promise<number> => {
      await client.get("/untouched");
      return begun - ended;
    };
    assert.equal(await eventually(left, (producers) => producers === 0), 0);
  });

  tell("passes each piece on when it comes", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      "/stream": async ({ open }) => {
        (await open()).set("name", "Ada");
        return stream(withPause("early ", door.pass, "late"));
      },
    });
    const response = await client.get("/stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader?.read())?.value, "early ");
    door.open();
    assert.equal((await reader?.read())?.value, "late");
    assert.equal((await reader?.read())?.done, true);
  });

  tell("stores what changed after the first byte before the last", async (stage) => {
    const client = await stage.serve(changing());
    await client.get("/count");
    const response = await client.get("/stream");
    assert.equal(await response.text(), "begin end");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("cuts the response where what changed after the first byte is lost", async (stage) => {
    const client = await stage.serve(changing(() => stage.store.failWrites()));
    await client.get("/count");
    const response = await client.get("/stream");
    assert.equal(response.status, 200);
    await assert.rejects(response.text());
    stage.store.hinder(undefined);
    assert.equal(await (await client.get("/name")).text(), "");
  });

  tell("refuses after the headers what would need a cookie", async (stage) => {
    const heard: string[] = [];
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        const session = await open();
        return stream(afterHeaders(session, heard));
      },
    });
    await (await client.get("/stream")).text();
    const once = ["signIn", "signOut", "regenerate", "destroy", "persistent"];
    assert.deepEqual(heard, [...once, "set", "update"].map(headersSent));
    heard.length = 0;
    await client.get("/set-name");
    await (await client.get("/stream")).text();
    assert.deepEqual(heard, once.map(headersSent));
    assert.equal(await (await client.get("/name")).text(), "late");
  });

  tell("accepts nothing from an open after the headers that would be lost", async (stage) => {
    const heard: string[] = [];
    const client = await stage.serve({
      ...SHOP,
      "/stream": ({ open }) => stream(openingLate(open, heard)),
    });
    assert.equal(await (await client.get("/stream")).text(), "begin end");
    assert.deepEqual(heard, ["ERR_SESSION_HEADERS_SENT"]);
    assert.deepEqual(stage.store.calls, []);
  });

  tell(
    "reads a session that is first opened after the headers, and stores its changes",
    async (stage) => {
      const heard: string[] = [];
      const client = await stage.serve({
        ...SHOP,
        "/stream": ({ open }) => stream(openingLate(open, heard)),
      });
      await client.get("/count");
      assert.equal(await (await client.get("/stream")).text(), "begin end");
      assert.deepEqual(heard, ["visits: 1"]);
      const name = async (): Promise<string> => (await client.get("/name")).text();
      assert.equal(await eventually(name, (stored) => stored !== ""), "Ada");
    },
  );

  tell("sends a stream of 5 MB whole to a client that reads as it likes", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        const session = await open();
        session.set("name", "Ada");
        return stream(largePieces());
      },
    });
    const response = await client.get("/stream");
    assert.equal((await response.text()) === PIECE.repeat(PIECES), true);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("sends a stream that opened no session as it is", async (stage) => {
    const client = await stage.serve({ "/stream": () => stream(pieces("one ", "two")) });
    stage.store.hang();
    const response = await client.get("/stream");
    assert.equal(await response.text(), "one two");
    assert.equal(response.headers.get("vary"), null);
  });

  tell("lets early hints pass while the first byte waits", async (stage) => {
    await stage.serve({
      "/hints": async ({ open, earlyHints }) => {
        (await open()).set("name", "Ada");
        if (earlyHints === undefined) throw new Error("The route was given no earlyHints.");
        await earlyHints("</style.css>; rel=preload; as=style");
        return answer("styled");
      },
    });
    const writes = stage.store.holdWrites();
    const { hints, status } = requestWithHints(stage, "/hints");
    await Promise.all([hints, writes.reached]);
    writes.release();
    assert.equal(await status, 200);
  });
}

/** The two answers to one request, as Node's own client tells them apart. */
function requestWithHints(
  stage: Stage,
  path: string,
): { readonly hints: Promise<void>; readonly status: Promise<number | undefined> } {
  if (typeof stage.target !== "string") {
    throw new Error("Only a socket carries early hints. Declare the deviation, with its reason.");
  }
  const hints = Promise.withResolvers<void>();
  const status = Promise.withResolvers<number | undefined>();
  const headers = { "X-Forwarded-Proto": new URL(ORIGIN).protocol.slice(0, -1) };
  const request = get(new URL(path, stage.target), { headers, agent: false }, (response) => {
    response.resume();
    response.once("end", () => status.resolve(response.statusCode));
    hints.reject(new Error("The answer came without early hints before it."));
  });
  request.once("information", () => hints.resolve());
  request.once("error", status.reject);
  return { hints: hints.promise, status: status.promise };
}

/** A stream that sets a value when its first piece is out. */
function changing(meanwhile: () => void = () => undefined): Routes {
  return {
    ...SHOP,
    "/stream": async ({ open }) => {
      const session = await open();
      return stream(
        withPause(
          "begin ",
          async () => {
            session.set("name", "Ada");
            meanwhile();
          },
          "end",
        ),
      );
    },
  };
}

async function* pieces(...list: readonly string[]): AsyncGenerator<string> {
  yield* list;
}

async function* largePieces(): AsyncGenerator<string> {
  for (let index = 0; index < PIECES; index += 1) yield PIECE;
}

async function* withPause(
  first: string,
  pause: () => Promise<void>,
  last: string,
): AsyncGenerator<string> {
  yield first;
  await pause();
  yield last;
}

async function* afterHeaders(
  session: Session<AdapterData>,
  heard: string[],
): AsyncGenerator<string> {
  yield "begin ";
  const attempt = async (name: string, act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (error) {
      heard.push(`${name}: ${(error as { code?: string }).code}`);
    }
  };
  await attempt("signIn", () => session.signIn("ada"));
  await attempt("signOut", () => session.signOut());
  await attempt("regenerate", () => session.regenerate());
  await attempt("destroy", () => session.destroy());
  await attempt("persistent", () => {
    session.persistent = true;
  });
  await attempt("set", () => session.set("name", "late"));
  await attempt("update", () => session.update("visits", (n) => n + 1));
  yield "end";
}

async function* openingLate(
  open: () => Promise<Session<AdapterData>>,
  heard: string[],
): AsyncGenerator<string> {
  yield "begin ";
  try {
    const session = await open();
    if (!session.isNew) heard.push(`visits: ${session.get("visits")}`);
    session.set("name", "Ada");
  } catch (error) {
    heard.push(String((error as { code?: string }).code));
  }
  yield "end";
}

function headersSent(name: string): string {
  return `${name}: ERR_SESSION_HEADERS_SENT`;
}
