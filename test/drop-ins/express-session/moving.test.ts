import expressSession from "express-session";
import { describe, expect, it, onTestFinished } from "vitest";
import { cookieText } from "../../../src/drop-ins/express-session/cookie-text.ts";
import session, { type SessionMiddleware } from "../../../src/drop-ins/express-session/index.ts";
import {
  movingStore,
  type TheirStore,
} from "../../../src/drop-ins/express-session/moving/index.ts";
import { SignedIds } from "../../../src/drop-ins/express-session/signed-ids.ts";
import { StoreError } from "../../../src/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { browse, type Handle, type Middleware } from "./support/hosts.ts";

const SECRET = "keyboard cat";
const SETTINGS = { secret: SECRET, resave: false, saveUninitialized: false };

const counts: Handle = (request, response) => {
  request.session.n = (request.session.n ?? 0) + 1;
  response.end(String(request.session.n));
};

it("moves all that can be moved, whatever one of them is, and tells of the others", async () => {
  const theirs = new expressSession.MemoryStore();
  const old = expressSession({ ...SETTINGS, store: theirs }) as unknown as Middleware;
  const browser = await browse(old, counts);
  const first = browser.twin();
  const last = browser.twin();
  await first.get();
  theirs.set("broken", { cookie: {} } as never);
  await last.get();
  const really = theirs.get.bind(theirs);
  theirs.get = (sid, callback) => {
    if (sid === "broken") callback(new SyntaxError("cut off"));
    else really(sid, callback);
  };
  const ours = memoryStore();
  const moving = movingStore(theirs, ours, { secret: SECRET }).moveAll();
  await expect(moving).rejects.toThrow("1 of 3 sessions could not be taken over");
  await expect(moving).rejects.toMatchObject({ errors: [expect.any(SyntaxError)] });
  const alone = session({ ...SETTINGS, store: ours }) as SessionMiddleware & Middleware;
  onTestFinished(() => alone.sessions.close());
  for (const { cookie } of [first, last]) {
    const young = await browse(alone, counts);
    young.cookie = cookie;
    expect((await young.get()).text).toBe("2");
  }
});

describe("a session of theirs with a lifetime that is none", () => {
  /** What a visitor sees who comes with such a session, and what stands in their store then. */
  async function comes(isMoving: boolean, originalMaxAge: unknown) {
    const theirs = new expressSession.MemoryStore() as unknown as { sessions: object } & TheirStore;
    const expires = new Date(Date.now() + 3_600_000);
    const cookie = { path: "/", httpOnly: true, originalMaxAge, expires };
    Object.assign(theirs.sessions, { known: JSON.stringify({ cookie, n: 5 }) });
    const store = isMoving ? movingStore(theirs, memoryStore(), { secret: SECRET }) : theirs;
    const settings = { ...SETTINGS, store: store as never };
    const middleware = isMoving ? session(settings) : expressSession(settings);
    const browser = await browse(middleware as unknown as Middleware, counts);
    browser.cookie = cookieText("connect.sid", new SignedIds([SECRET]).write("known"), {});
    const answers: string[] = [];
    for (let visits = 0; visits < 3; visits++) {
      const { status, text } = await browser.get();
      answers.push(`${status} ${text}`);
    }
    return answers;
  }

  it.each([1e300, 9e15, "long"])("is one that ends with the browser: %s", async (lifetime) => {
    expect(await comes(true, lifetime)).toEqual(["200 6", "200 7", "200 8"]);
  });

  it.each([1e300, 9e15])("and so it is at express-session: %s", async (lifetime) => {
    expect(await comes(false, lifetime)).toEqual(["200 6", "200 7", "200 8"]);
  });

  it.each([0, -1])("is over, where it is no time at all: %s", async (lifetime) => {
    expect(await comes(true, lifetime)).toEqual(["200 1", "200 2", "200 3"]);
  });

  it.each([0, -1])("and so it is at express-session, one request later: %s", async (lifetime) => {
    expect(await comes(false, lifetime)).toEqual(["200 6", "200 1", "200 2"]);
  });
});

describe("moveAll, where their store does not answer", () => {
  const PATIENCE = { timeout: 30, listTimeout: 30 };

  /** A store that answers to nothing but what is said here. */
  function mute(answers: Partial<expressSession.MemoryStore>): {
    readonly theirs: expressSession.MemoryStore;
    readonly asked: string[];
  } {
    const theirs = new expressSession.MemoryStore();
    const asked: string[] = [];
    const silent = {
      all: () => void asked.push("all"),
      get: (sid: string) => void asked.push(sid),
    };
    return { theirs: Object.assign(theirs, silent, answers), asked };
  }
  const listed: expressSession.MemoryStore["all"] = (callback) => {
    const ids = Array.from({ length: 9 }, (_, number) => `id${number}`);
    callback(null, Object.fromEntries(ids.map((id) => [id, {} as never])));
  };

  it("waits for the list as long as it may take, and no longer", async () => {
    const { theirs, asked } = mute({});
    const failure = await movingStore(theirs, memoryStore(), { secret: SECRET })
      .moveAll("connect.sid", PATIENCE)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ operation: "list", outcome: "failed" });
    expect((failure as Error).message).toContain("within 30 ms (moveAll.listTimeout)");
    expect(asked).toEqual(["all"]);
  });

  it("waits as long as it is told, if that is for weeks", async () => {
    const theirs = new expressSession.MemoryStore();
    const all: typeof theirs.all = (done) => void setTimeout(() => done(null, {}), 5);
    const store = movingStore(Object.assign(theirs, { all }), memoryStore(), { secret: SECRET });
    const moved = await store.moveAll("connect.sid", { timeout: "25d", listTimeout: "25d" });
    expect(moved).toEqual({ found: 0, moved: 0 });
  });

  it("waits so for ids by session-file-store's list, too", async () => {
    const { theirs } = mute({});
    const files = { get: theirs.get, set: theirs.set, destroy: theirs.destroy, list: () => {} };
    const store = movingStore(files, memoryStore(), { secret: SECRET });
    await expect(store.moveAll("connect.sid", PATIENCE)).rejects.toBeInstanceOf(StoreError);
  });

  it("waits for a few sessions, and then gives up the others", async () => {
    const { theirs, asked } = mute({ all: listed });
    const failure = await movingStore(theirs, memoryStore(), { secret: SECRET })
      .moveAll("connect.sid", PATIENCE)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    const { message, errors } = failure as AggregateError;
    expect(message).toBe("0 of 9 sessions were taken over when the stores stopped answering.");
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ name: "StoreError" });
    expect(asked).toEqual(["id0", "id1", "id2"]);
  });

  it("leaves out one that is never answered for, and takes over the others", async () => {
    const theirs = new expressSession.MemoryStore();
    const really = theirs.get.bind(theirs);
    for (const id of ["a", "mute", "b"]) theirs.set(id, { cookie: {} } as never);
    theirs.get = (sid, callback) => void (sid === "mute" || really(sid, callback));
    const store = movingStore(theirs, memoryStore(), { secret: SECRET });
    await expect(store.moveAll("connect.sid", PATIENCE)).rejects.toThrow(
      "1 of 3 sessions could not be taken over.",
    );
  });

  it.each(["timeout", "listTimeout", "patience"])("refuses a %s that is none", async (name) => {
    const store = movingStore(new expressSession.MemoryStore(), memoryStore(), { secret: SECRET });
    await expect(store.moveAll("connect.sid", { [name]: "soon" as never })).rejects.toThrow(name);
  });
});
