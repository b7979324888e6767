import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { type Answered, SessionLog, type Watcher } from "../../demo/session-log.ts";
import { shopSessions } from "../../demo/sessions.ts";

let log: SessionLog;

beforeEach(() => {
  log = new SessionLog(shopSessions(new DatabaseSync(":memory:")));
});

function answered(at: number, what = "POST /cart"): Answered {
  return { at, what, status: 303, code: "" };
}

function watcher(): Watcher & { readonly told: string[] } {
  const told: string[] = [];
  return { told, tell: ({ what }) => told.push(what), end: () => told.push("end") };
}

describe("The log of a session", () => {
  it("keeps its newest forty lines", () => {
    for (let at = 0; at < 50; at += 1) log.answered("s", answered(at, `POST /${at}`));
    const { entries } = log.of("s");
    expect(entries).toHaveLength(40);
    expect(entries[0]?.what).toBe("POST /49");
  });

  it("counts what happens again in one burst, even where two things alternate", () => {
    for (const at of [1, 2, 3]) {
      log.answered("s", answered(at, "POST /a"));
      log.answered("s", answered(at, "POST /b"));
    }
    log.answered("s", answered(5_000, "POST /b"));
    expect(log.of("s").entries.map(({ what, times = 1 }) => [what, times])).toEqual([
      ["POST /b", 1],
      ["POST /b", 3],
      ["POST /a", 3],
    ]);
  });

  it("keeps five hundred sessions, and ends the watch over the one that it forgets", () => {
    const first = watcher();
    log.watch("s 0", first);
    for (let at = 1; at <= 500; at += 1) log.answered(`s ${at}`, answered(at));
    expect(first.told).toEqual(["end"]);
    expect(log.of("s 0").entries).toEqual([]);
    expect(log.of("s 1").entries).toHaveLength(1);
  });

  it("tells its own watchers alone, until they stop or it is closed", () => {
    const [own, other, stopped] = [watcher(), watcher(), watcher()];
    log.watch("s", own);
    log.watch("t", other);
    log.watch("s", stopped)?.();
    log.answered("s", answered(1));
    log.close();
    expect([own.told, other.told, stopped.told]).toEqual([["POST /cart", "end"], ["end"], []]);
  });

  it("has four watchers at most", () => {
    for (let at = 0; at < 4; at += 1) expect(log.watch("s", watcher())).toBeTypeOf("function");
    expect(log.watch("s", watcher())).toBeUndefined();
  });
});
