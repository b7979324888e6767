import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import {
  elevate,
  isElevated,
  lockedUserId,
  lockWhenIdle,
  unlock,
} from "../../../src/security/assurance/index.ts";
import { flow } from "../../../src/security/flows/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { HOUR, SetClock } from "../../laws/support/clock.ts";

const TIMEOUTS = { idleTimeout: "12h", absoluteTimeout: "24h" } as const;

/** Where sessions are kept otherwise than as records in clear. */
const PLACES = {
  "in cookies": {
    keys: randomBytes(32),
    store: cookieStore({
      revocations: "none: a copied cookie works until it expires, signed out or not",
    }),
  },
  "in a store, encrypted": { store: encrypted(memoryStore(), randomBytes(32)) },
} as const;

describe.each(Object.entries(PLACES))("factors, locks and flows, %s", (_, place) => {
  const reset = flow("reset", { steps: ["asked", "proved"], expiresIn: "15m" }).holding<{
    account: string;
  }>();

  it("are what they are in any store", async () => {
    const clock = new SetClock();
    const protections = [lockWhenIdle({ after: "1h" })];
    const options = { clock, protections, ...TIMEOUTS, ...place };
    const browser = new Browser(createSessions<Untyped>(options as never) as never);
    const seen = (session: Session<Untyped>): unknown => [
      session.userId ?? null,
      lockedUserId(session) ?? null,
      session.get("cart") ?? null,
      [...session.factors.keys()],
      isElevated(session, "payout"),
      reset.at(session)?.step ?? null,
    ];
    await browser.visit(async (session) => {
      session.set("cart", ["tea"]);
      await session.signIn("ada", { factors: ["password"] });
    });
    await browser.visit((session) => reset.begin(session, { account: "ada" }));
    await browser.visit((session) =>
      elevate(session, { purpose: "payout", factors: ["totp"], for: "5m" }),
    );
    await browser.visit((session) => reset.step(session, "proved"));
    const factors = ["password", "totp"];
    const { json } = await browser.visit(seen);
    expect(json).toEqual(["ada", null, ["tea"], expect.arrayContaining(factors), true, "proved"]);
    clock.move(HOUR);
    expect((await browser.visit(seen)).json).toEqual([null, "ada", null, [], false, null]);
    await browser.visit((session) => unlock(session, { factors: ["pin"] }));
    const after = (await browser.visit(seen)).json as unknown[];
    expect(after.slice(0, 3)).toEqual(["ada", null, ["tea"]]);
    expect(after.at(3)).toContain("pin");
    clock.move(HOUR);
    await browser.visit((session) => session.signOut());
    expect((await browser.visit(seen)).json).toEqual([null, null, null, [], false, null]);
  });
});
