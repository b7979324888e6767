import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type StorePlace, type SubjectName, subjects } from "../history/subjects.ts";
import type { Backend } from "../support/servers/backend.ts";
import { Other } from "./support/other.ts";
import { Visitor } from "./support/visitor.ts";

const NAMES: readonly SubjectName[] = ["sqlite", "redis", "ioredis", "postgres", "postgres.js"];

describe.each(NAMES)("sockets on two processes, over %s", (name) => {
  let backend: Backend | undefined;
  let folder = "";
  let one: Other;
  let another: Other;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sojourn-live-"));
    backend = await subjects[name].server?.();
    const place: StorePlace = { folder, port: backend?.port ?? 0 };
    // What SQLite does not announce is asked for.
    const options = name === "sqlite" ? ({ live: { check: "100ms" } } as const) : {};
    // The first one makes the tables.
    one = await Other.start(name, place, options);
    await Visitor.of(one.origin, "nobody");
    another = await Other.start(name, place, options);
  });
  afterAll(async () => {
    one?.kill();
    another?.kill();
    await backend?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const visitor of visitors.splice(0)) visitor.leave();
  });

  /** A visitor at the one process, and the same one at the other. */
  async function begun(user: string): Promise<readonly [Visitor, Visitor]> {
    const here = await Visitor.of(one.origin, user);
    const there = here.at(another.origin);
    visitors.push(here, there);
    return [here, there];
  }

  it("lose no update, against each other and against requests", async () => {
    const [here, there] = await begun("ada");
    const [near, far] = [await here.connect(), await there.connect()];
    const adding = Array.from({ length: 50 }, (_, index) =>
      [() => near.say("add"), () => far.say("add"), () => here.ask("add"), () => there.ask("add")][
        index % 4
      ]?.(),
    );
    await Promise.all(adding);
    expect(JSON.parse(await near.say("read"))).toEqual({ userId: "ada", count: 50 });
    expect(JSON.parse(await there.ask("read"))).toEqual({ userId: "ada", count: 50 });
  });

  it.each([
    ["signOut", "signedOut", 4401],
    ["destroy", "destroyed", 4401],
    ["regenerate", "regenerated", 4409],
  ])("close at %s in the other one", async (path, reason, code) => {
    const [here, there] = await begun("bea");
    const [line, other] = [await there.connect(), await (await begun("bea"))[1].connect()];
    await here.ask(path);
    expect(await line.closed).toMatchObject({ code, reason });
    expect(other.isOpen).toBe(true);
  });

  it("close at revoke and revokeAll in the other one, and no one else's", async () => {
    const user = "cleo";
    const [here, there] = await begun(user);
    const line = await there.connect();
    const others = [await (await begun(user))[1].connect(), await (await begun(user))[1].connect()];
    const dora = await (await begun("dora"))[1].connect();
    await here.ask(`revoke/${here.id}`);
    expect(await line.closed).toMatchObject({ code: 4401, reason: "revoked" });
    expect(others.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    await here.ask(`revokeAll/${user}`);
    for (const other of others) {
      expect(await other.closed).toMatchObject({ code: 4401, reason: "revoked" });
    }
    expect(dora.isOpen).toBe(true);
  });
});
