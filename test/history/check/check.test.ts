import { describe, expect, it } from "vitest";
import type { Deed, Operation, View, Work } from "../operation.ts";
import { excerpt } from "./excerpt.ts";
import { check } from "./index.ts";

const MS = 1_000;
const TERMS = { mayForget: false, staleness: 0, storeTimeout: 1_000 * MS, idleTimeout: 9_000 * MS };

type Line = Partial<Operation> & { readonly at: readonly [start: number, end: number] };

function historyOf(lines: readonly Line[]) {
  const operations = lines.map(({ at, ...line }, number): Operation => {
    const [start, end] = at.map((ms) => ms * MS) as [number, number];
    const deed: Deed = { kind: "read" };
    const known = { number, actor: "visitor", process: 0, deed, outcome: "ok" } as const;
    return { ...known, start, opened: start + (end - start) / 2, end, ...line };
  });
  return { seed: 1, operations, troubles: [], lost: [], casualties: [] };
}

function rulesBrokenBy(lines: readonly Line[], terms = TERMS): readonly string[] {
  return [...new Set(check(historyOf(lines), terms).map(({ rule }) => rule))];
}

function live(values: View["values"] = {}, userId?: string): View {
  return { condition: "live", userId, values };
}

const NEW: View = { condition: "new", values: {} };
const ENDED: View = { condition: "ended", values: {} };

const set = (value: string): Deed => ({ kind: "set", key: "a", value, when: "by save" });
const born: Line = { at: [0, 10], seen: NEW, deed: set("v1"), given: "s_1" };
const ada: Line = { at: [0, 10], seen: NEW, deed: { kind: "signIn", userId: "ada" }, given: "s_1" };

const adaAgain: Line = {
  at: [20, 60],
  sent: "s_1",
  seen: live({}, "ada"),
  deed: { kind: "regenerate" },
  given: "s_2",
};

/** Works, or waits for somebody else's work where `work` is left out. */
function exclusive(
  at: readonly [number, number],
  value: string,
  more: Partial<Operation> & { readonly working?: readonly [number, number] } = {},
): Line {
  const { working, ...rest } = more;
  const deed: Deed = { kind: "exclusive", key: "b", value, workMs: 0, throws: false };
  const line: Line = { at, opened: at[0] * MS, sent: "s_1", seen: live({ a: "v1" }), deed };
  if (working === undefined) return { ...line, ...rest };
  const [start, end] = working;
  const work = { ...rest.work, start: start * MS, end: end * MS };
  return { ...line, result: value, after: value, ...rest, work };
}

const regenerated: Line = {
  at: [20, 30],
  sent: "s_1",
  seen: live({ a: "v1" }),
  deed: { kind: "regenerate" },
  given: "s_2",
};

describe("the checker accepts", () => {
  it("a session that lives, is written, moves to a new token, and ends", () => {
    const lines: Line[] = [
      born,
      { at: [20, 30], sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
      { at: [22, 40], sent: "s_1", seen: live({ a: "v1" }), deed: { kind: "add" }, result: 1 },
      {
        at: [50, 60],
        sent: "s_1",
        seen: live({ a: "v2", count: 1 }),
        deed: { kind: "regenerate" },
        given: "s_2",
      },
      { at: [70, 80], sent: "s_1", seen: ENDED },
      {
        at: [70, 90],
        sent: "s_2",
        seen: live({ a: "v2", count: 1 }),
        deed: { kind: "destroy" },
      },
      { at: [100, 110], sent: "s_2", seen: ENDED },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("a write of unknown outcome, whether it is seen at once, later or never", () => {
    const lost: Line = {
      at: [20, 30],
      sent: "s_1",
      seen: live({ a: "v1" }),
      deed: set("v2"),
      outcome: "unknown",
    };
    const then = (value: string): Line => ({ at: [40, 50], sent: "s_1", seen: live({ a: value }) });
    const later: Line = { at: [60, 70], sent: "s_1", seen: live({ a: "v2" }) };
    expect(rulesBrokenBy([born, lost, then("v1")])).toEqual([]);
    expect(rulesBrokenBy([born, lost, then("v2")])).toEqual([]);
    expect(rulesBrokenBy([born, lost, then("v1"), later])).toEqual([]);
  });

  it("two sessions where the end of the first is of unknown outcome", () => {
    const lines: Line[] = [
      born,
      {
        at: [20, 30],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: { kind: "regenerate" },
        outcome: "unknown",
        given: "s_2",
      },
      { at: [40, 50], sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
      { at: [60, 70], sent: "s_2", seen: live({ a: "v1" }) },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("a session that goes with the one before it, where nobody knew whether that had ended", () => {
    const lines: Line[] = [
      born,
      {
        at: [20, 30],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: { kind: "regenerate" },
        outcome: "unknown",
        given: "s_2",
      },
      {
        at: [25, 40],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: { kind: "regenerate" },
        given: "s_3",
      },
      { at: [60, 70], sent: "s_2", seen: NEW },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
    // Where nothing else has ended that one, its visitor is not to lose both.
    expect(rulesBrokenBy(lines.toSpliced(2, 1))).not.toEqual([]);
  });

  it("two sign-ins at the same moment, which both stand", () => {
    const signIn = (at: readonly [number, number], given: string): Line => {
      const deed: Deed = { kind: "signIn", userId: "ada" };
      return { at, sent: "s_1", seen: live({ a: "v1" }), deed, given };
    };
    const lines: Line[] = [
      born,
      signIn([20, 40], "s_2"),
      signIn([21, 50], "s_3"),
      { at: [60, 70], sent: "s_2", seen: live({ a: "v1" }, "ada"), deed: set("v2") },
      { at: [80, 90], sent: "s_3", seen: live({ a: "v1" }, "ada") },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("a sign-in that goes on from what a parallel request made of the session", () => {
    const lines: Line[] = [
      born,
      regenerated,
      {
        at: [15, 50],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: { kind: "signIn", userId: "ada" },
        given: "s_3",
      },
      { at: [60, 70], sent: "s_2", seen: ENDED },
      { at: [60, 70], sent: "s_3", seen: live({ a: "v1" }, "ada") },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("a spared session that is given a new token meanwhile, and goes on", () => {
    const lines: Line[] = [
      ada,
      adaAgain,
      { at: [30, 50], deed: { kind: "revokeAll", userId: "ada", except: "s_1" }, result: 0 },
      { at: [70, 80], sent: "s_2", seen: live({}, "ada") },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("several who want one work done, of whom one does it and one dies", () => {
    const seen = live({ a: "v1", b: "w1" });
    const lines: Line[] = [
      born,
      exclusive([20, 50], "w1", { working: [22, 48] }),
      exclusive([25, 55], "w2", { result: "w1", after: "w1" }),
      exclusive([60, 90], "w3", { seen, outcome: "unknown" }),
      exclusive([61, 500], "w4", { seen, working: [480, 495], work: told("unknown", "w3") }),
      exclusive([62, 510], "w5", { seen, result: "w4", after: "w4" }),
      { at: [520, 530], sent: "s_1", seen: live({ a: "v1", b: "w4" }) },
    ];
    expect(rulesBrokenBy(lines)).toEqual([]);
  });

  it("one who is late, whose work another one has taken over", () => {
    const late = exclusive([20, 600], "w1", { working: [22, 590], outcome: "failed" });
    const next = exclusive([30, 500], "w2", { working: [460, 490], work: told("unknown", "w1") });
    expect(rulesBrokenBy([born, late, next])).toEqual([]);
    // Whose end nobody was told of may have come between the two.
    const lost = exclusive([601, 650], "w3", { outcome: "unknown" });
    const after = exclusive([700, 750], "w4", { working: [710, 740] });
    expect(rulesBrokenBy([born, late, lost, after])).toEqual([]);
    expect(rulesBrokenBy([born, late, after])).not.toEqual([]);
  });

  it("what the profile does not promise", () => {
    const stale: Line[] = [
      born,
      { at: [20, 30], sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
      { at: [35, 40], sent: "s_1", seen: live({ a: "v1" }) },
    ];
    expect(rulesBrokenBy(stale)).not.toEqual([]);
    expect(rulesBrokenBy(stale, { ...TERMS, staleness: 20 * MS })).toEqual([]);
    const vanished: Line[] = [born, { at: [20, 30], sent: "s_1", seen: NEW }];
    expect(rulesBrokenBy(vanished)).not.toEqual([]);
    expect(rulesBrokenBy(vanished, { ...TERMS, mayForget: true })).toEqual([]);
  });
});

function told(previous: "unknown" | "failed", intent: string): Work {
  return { start: 0, end: 0, previous, intent };
}

const destroyed: Line = {
  at: [20, 30],
  sent: "s_1",
  seen: live({ a: "v1" }),
  deed: { kind: "destroy" },
};
const add = (at: readonly [number, number], result: number): Line => {
  return { at, sent: "s_1", seen: live({ a: "v1" }), deed: { kind: "add" }, result };
};

const BAD: Readonly<Record<string, { readonly rule: RegExp; readonly lines: readonly Line[] }>> = {
  "a session seen alive after its end": {
    rule: /^the dead stay dead$/,
    lines: [born, destroyed, { at: [40, 50], sent: "s_1", seen: live({ a: "v1" }) }],
  },
  "a write acknowledged after the end, in a request that began before it": {
    rule: /^the dead stay dead$/,
    lines: [
      born,
      destroyed,
      { at: [10, 90], opened: 40 * MS, sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
    ],
  },
  "a session seen dead and then alive, though its end is of unknown outcome": {
    rule: /^the dead stay dead$/,
    lines: [
      born,
      { ...destroyed, outcome: "unknown" },
      { at: [40, 50], sent: "s_1", seen: ENDED },
      { at: [60, 70], sent: "s_1", seen: live({ a: "v1" }) },
    ],
  },
  "a successor that outlives the revoking of what it was": {
    rule: /^the dead stay dead$/,
    lines: [
      born,
      regenerated,
      { at: [40, 50], deed: { kind: "revoke", id: "s_1" }, result: true },
      { at: [60, 70], sent: "s_2", seen: live({ a: "v1" }) },
    ],
  },
  "a session that was given a new token while all were revoked": {
    rule: /^the dead stay dead$/,
    lines: [
      ada,
      adaAgain,
      { at: [30, 50], deed: { kind: "revokeAll", userId: "ada" }, result: 1 },
      { at: [70, 80], sent: "s_2", seen: live({}, "ada") },
    ],
  },
  "a spared session that vanishes": {
    rule: /^no acknowledged session is lost$/,
    lines: [
      ada,
      adaAgain,
      { at: [30, 50], deed: { kind: "revokeAll", userId: "ada", except: "s_1" }, result: 1 },
      { at: [70, 80], sent: "s_2", seen: NEW },
    ],
  },
  "a session that is not spared, and stays": {
    rule: /^the dead stay dead$/,
    lines: [
      ada,
      { at: [0, 15], seen: NEW, deed: { kind: "signIn", userId: "ada" }, given: "s_2" },
      { at: [30, 50], deed: { kind: "revokeAll", userId: "ada", except: "s_1" }, result: 0 },
      { at: [70, 80], sent: "s_2", seen: live({}, "ada") },
    ],
  },
  "a session that vanishes": {
    rule: /^no acknowledged session is lost$/,
    lines: [born, { at: [20, 30], sent: "s_1", seen: NEW }],
  },
  "data of the dead": {
    rule: /^the dead show nothing$/,
    lines: [
      born,
      destroyed,
      { at: [40, 50], sent: "s_1", seen: { condition: "ended", values: { a: "v1" } } },
    ],
  },
  "another user's session": {
    rule: /^a session belongs to one user$/,
    lines: [ada, { at: [20, 30], sent: "s_1", seen: live({}, "bob") }],
  },
  "a lost write": {
    rule: /^no acknowledged write is lost/,
    lines: [
      born,
      { at: [20, 30], sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
      { at: [40, 50], sent: "s_1", seen: live({ a: "v1" }) },
    ],
  },
  "a write that is lost with a new token": {
    rule: /^no acknowledged write is lost/,
    lines: [
      born,
      { at: [12, 18], sent: "s_1", seen: live({ a: "v1" }), deed: set("v2") },
      { ...regenerated, seen: live({ a: "v2" }) },
      { at: [40, 50], sent: "s_2", seen: live({ a: "v1" }) },
    ],
  },
  "a value that disappears": {
    rule: /^no acknowledged write is lost/,
    lines: [born, { at: [20, 30], sent: "s_1", seen: live() }],
  },
  "a removed value that comes back": {
    rule: /^no acknowledged write is lost/,
    lines: [
      born,
      { at: [20, 30], sent: "s_1", seen: live({ a: "v1" }), deed: { kind: "delete", key: "a" } },
      { at: [40, 50], sent: "s_1", seen: live({ a: "v1" }) },
    ],
  },
  "a value of a write that failed": {
    rule: /^what failed is not there/,
    lines: [
      born,
      {
        at: [20, 30],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: set("v2"),
        outcome: "failed",
      },
      { at: [40, 50], sent: "s_1", seen: live({ a: "v2" }) },
    ],
  },
  "a value that nobody wrote": {
    rule: /^nothing comes from nowhere/,
    lines: [born, { at: [20, 30], sent: "s_1", seen: live({ a: "v9" }) }],
  },
  "a value that is consumed twice": {
    rule: /^a value is consumed once/,
    lines: [20, 21].map(
      (start): Line => ({
        at: [start, 40],
        sent: "s_1",
        seen: live({ a: "v1" }),
        deed: { kind: "consume", key: "a" },
        result: "v1",
      }),
    ),
  },
  "two additions that are told the same number": {
    rule: /^counters are exact$/,
    lines: [born, add([20, 40], 1), add([21, 41], 1)],
  },
  "an addition that is lost": {
    rule: /^counters are exact$/,
    lines: [born, add([20, 30], 1), { at: [40, 50], sent: "s_1", seen: live({ a: "v1" }) }],
  },
  "an addition that counts twice": {
    rule: /^counters are exact$/,
    lines: [
      born,
      add([20, 30], 1),
      { at: [40, 50], sent: "s_1", seen: live({ a: "v1", count: 2 }) },
    ],
  },
  "a list without somebody who is signed in": {
    rule: /^a user's list/,
    lines: [ada, { at: [20, 30], deed: { kind: "list", userId: "ada" }, result: [] }],
  },
  "a list with somebody who is not": {
    rule: /^a user's list/,
    lines: [
      ada,
      { ...destroyed, seen: live({}, "ada") },
      { at: [40, 50], deed: { kind: "list", userId: "ada" }, result: ["s_1"] },
    ],
  },
  "two who work at once": {
    rule: /^one works at a time$/,
    lines: [
      born,
      exclusive([20, 50], "w1", { working: [22, 48] }),
      exclusive([21, 60], "w2", { working: [30, 55] }),
    ],
  },
  "a late holder whose work is stored, though another one has taken over": {
    rule: /^a late holder stores nothing$/,
    lines: [
      born,
      exclusive([20, 600], "w1", { working: [22, 590] }),
      exclusive([30, 500], "w2", { working: [460, 490], work: told("unknown", "w1") }),
    ],
  },
  "work of a late holder that is seen, though it was refused": {
    rule: /^what failed is not there/,
    lines: [
      born,
      exclusive([20, 600], "w1", { working: [22, 590], outcome: "failed" }),
      { at: [610, 620], sent: "s_1", seen: live({ a: "v1", b: "w1" }) },
    ],
  },
  "a result that came from nobody": {
    rule: /^a result comes from a holder$/,
    lines: [born, exclusive([20, 50], "w1", { result: "w9" })],
  },
  "a result of somebody who was done long before": {
    rule: /^a result comes from a holder$/,
    lines: [
      born,
      exclusive([20, 50], "w1", { working: [22, 48] }),
      exclusive([60, 70], "w2", { result: "w1", after: "w1" }),
    ],
  },
  "a result of somebody who failed": {
    rule: /^a result comes from a holder$/,
    lines: [
      born,
      exclusive([20, 50], "w1", { working: [22, 48], outcome: "failed" }),
      exclusive([25, 60], "w2", { result: "w1" }),
    ],
  },
  "a result without what was stored with it": {
    rule: /^a result comes with what was stored$/,
    lines: [
      born,
      exclusive([20, 50], "w1", { working: [22, 48] }),
      exclusive([60, 90], "w2", { working: [62, 88] }),
      exclusive([65, 95], "w3", { result: "w2", after: "w1" }),
    ],
  },
  "one who is told of a failure that was none": {
    rule: /^what is told of the one before is true$/,
    lines: [
      born,
      exclusive([20, 50], "w1", { working: [22, 48] }),
      exclusive([60, 90], "w2", { working: [62, 88], work: told("unknown", "w1") }),
    ],
  },
  "one who comes after a failure, and is not told": {
    rule: /^who comes after a failure is told$/,
    lines: [
      born,
      exclusive([20, 600], "w1", { working: [22, 590], outcome: "failed" }),
      exclusive([610, 650], "w2", { working: [620, 640] }),
    ],
  },
  "an answer after the deadlines": {
    rule: /^every request is answered in time$/,
    lines: [born, { at: [20, 8_000], sent: "s_1", seen: live({ a: "v1" }) }],
  },
  "an error that is not the library's": {
    rule: /^errors are the library's own$/,
    lines: [born, { at: [20, 30], sent: "s_1", seen: live({ a: "v1" }), outcome: "broken" }],
  },
};

describe("the checker finds", () => {
  it.each(Object.entries(BAD))("%s", (_, { rule, lines }) => {
    const history = historyOf(lines[0]?.given === undefined ? [born, ...lines] : lines);
    const violations = check(history, TERMS);
    const found = violations.find((violation) => rule.test(violation.rule));
    expect(violations.map((violation) => violation.rule)).toContainEqual(
      expect.stringMatching(rule),
    );
    // In words, with the operations that show it.
    if (found !== undefined) expect(excerpt(found, history)).toContain("(seed 1)");
  });
});
