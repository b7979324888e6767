import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  receiveSecurityEvent,
  type SecurityEvent,
  type SecurityEventOptions,
} from "../../../src/security/oidc/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { HOUR, MINUTE, SECOND } from "../../laws/support/clock.ts";
import type { World } from "../../laws/support/world.ts";
import { wrapped } from "../../laws/support/wrapped-store.ts";
import {
  aliveOf,
  comeFrom,
  federatedWorld,
  ISSUER,
  isAlive,
  Provider,
} from "./support/provider.ts";

let provider: Provider;
let world: World;
beforeAll(async () => {
  provider = await Provider.open();
});
beforeEach(() => {
  world = federatedWorld([provider]);
});

const now = (): number => world.clock.now();
const seconds = (): number => Math.floor(now() / SECOND);
const ADA = { format: "iss_sub", iss: ISSUER, sub: "sub-of-ada" };
const MAIL = { format: "email", email: "ada@example.com" };
const SESSION = { format: "opaque", id: "s-1" };
const userOf: SecurityEventOptions["userOf"] = async ({ email }) =>
  email === MAIL.email ? "ada" : undefined;

async function comeIn(sid?: string, userId = "ada"): Promise<Browser> {
  const browser = world.browser();
  await comeFrom(browser, provider.claims(now(), { sid, sub: `sub-of-${userId}` }), userId);
  return browser;
}

async function told(
  subject: unknown,
  details: Record<string, unknown> = {},
  options: SecurityEventOptions = {},
): Promise<unknown> {
  const token = await provider.event(now(), subject, details);
  return receiveSecurityEvent(world.sessions, token, options);
}

describe("an event that sessions were revoked", () => {
  it("ends those of a user, of a session, and of whom the application knows by another name [ASVS 7.6.1]", async () => {
    const cases: [unknown, boolean[]][] = [
      [ADA, [false, false, true, true]],
      [SESSION, [false, true, true, true]],
      [MAIL, [false, false, false, true]],
      [{ ...MAIL, email: "eve@example.com" }, [true, true, true, true]],
      [{ ...ADA, iss: "https://other.example" }, [true, true, true, true]],
      [{ ...ADA, sub: "" }, [true, true, true, true]],
      [{ format: "unheard-of" }, [true, true, true, true]],
    ];
    for (const [subject, expected] of cases) {
      world = federatedWorld([provider]);
      const browsers = [
        await comeIn("s-1"),
        await comeIn("s-2"),
        await world.signedIn("ada"),
        await comeIn("s-3", "bob"),
      ];
      const ended = expected.filter((isLeft) => !isLeft).length;
      expect(await told(subject, {}, { userOf }), JSON.stringify(subject)).toEqual({
        ok: true,
        ended,
      });
      expect(await aliveOf(browsers)).toEqual(expected);
    }
  });

  it("means what all parts of a complex subject mean", async () => {
    const device: SecurityEventOptions["isMeant"] = (session, part, subject) =>
      part === "device" && session.label === subject["id"];
    const phone = { format: "opaque", id: "phone" };
    const bob = { ...ADA, sub: "sub-of-bob" };
    const cases: [Record<string, unknown>, boolean[]][] = [
      [{ user: ADA }, [false, false, true]],
      [{ session: SESSION }, [false, true, true]],
      [{ user: ADA, session: SESSION }, [false, true, true]],
      [{ user: bob, session: SESSION }, [true, true, true]],
      [{ user: MAIL, session: SESSION }, [false, true, true]],
      [{ user: ADA, device: phone }, [true, false, true]],
      [{ user: ADA, session: SESSION, device: phone }, [true, true, true]],
      [{ user: ADA, tenant: { format: "opaque", id: "t" } }, [true, true, true]],
      [{ user: { format: "opaque", id: "s-1" } }, [true, true, true]],
      [{ session: ADA }, [true, true, true]],
      [{ user: ADA, session: "s-1" }, [true, true, true]],
      [{}, [true, true, true]],
    ];
    for (const [parts, expected] of cases) {
      world = federatedWorld([provider]);
      const browsers = [await comeIn("s-1"), await comeIn("s-2"), await comeIn("s-3", "bob")];
      await browsers[1]?.visit((session) => {
        session.label = "phone";
      });
      for (const format of ["complex", undefined]) {
        if (format === undefined && !("user" in parts || "session" in parts)) continue;
        await told({ format, ...parts }, {}, { userOf, isMeant: device });
      }
      expect(await aliveOf(browsers), JSON.stringify(parts)).toEqual(expected);
    }
  });

  it("means what had begun by then, in seconds or milliseconds, and never the future", async () => {
    const stamps = (): [number, boolean][] => [
      [seconds(), false],
      [now(), false],
      [now() - 1, true],
      [seconds() - 1, true],
      [now() - MINUTE, true],
      [seconds() * 1_000_000, false],
      [Number.NaN, false],
    ];
    for (const [index, [, isLeft]] of stamps().entries()) {
      world = federatedWorld([provider]);
      world.clock.move(HOUR);
      const browser = await comeIn("s-1");
      const stamp = stamps()[index]?.[0];
      await told(ADA, { event_timestamp: stamp });
      expect(await isAlive(browser), String(stamp)).toBe(isLeft);
      world.clock.move(SECOND);
      expect(await isAlive(await comeIn("s-2"))).toBe(true);
    }
  });

  it("takes an earlier form, whose subject stands in the event", async () => {
    const browser = await comeIn("s-1");
    const token = await provider.event(now(), undefined, { subject: ADA });
    expect(await receiveSecurityEvent(world.sessions, token)).toEqual({ ok: true, ended: 1 });
    expect(await isAlive(browser)).toBe(false);
  });

  it("that comes first refuses sign-ins from before it", async () => {
    const claims = provider.claims(now(), { sid: "s-1" });
    for (const subject of [
      ADA,
      SESSION,
      MAIL,
      { format: "complex", user: ADA, session: SESSION },
    ]) {
      world = federatedWorld([provider]);
      await told(subject, {}, { userOf });
      expect(await comeFrom(world.browser(), claims)).toBe("SessionEndedError");
      const bob = { ...claims, sub: "sub-of-bob", sid: "s-9" };
      expect(await comeFrom(world.browser(), bob, "bob")).toBe("bob");
    }
  });

  it("of a user's session is not outrun by who signs in", async () => {
    const subject = { format: "complex", user: ADA, session: SESSION };
    const token = await provider.event(now(), subject);
    const claims = provider.claims(now(), { sid: "s-1" });
    const over = (intercept: Parameters<typeof wrapped>[1]) =>
      federatedWorld([provider], { store: wrapped(world.memory, intercept), clock: world.clock })
        .sessions;
    // A call of the sign-in's at a time, with all of the event's before, after, or between any two.
    for (let before = 0; before < 16; before += 1) {
      world = federatedWorld([provider]);
      let calls = 0;
      const browser = world.browser().copy(
        over(async (_operation, send) => {
          calls += 1;
          if (calls === before + 1) await receiveSecurityEvent(world.sessions, token);
          return send();
        }),
      );
      await comeFrom(browser, claims);
      if (calls <= before) await receiveSecurityEvent(world.sessions, token);
      expect(await isAlive(browser, world.sessions), `before call ${before}`).toBe(false);
    }
  });
});

describe("an event of another kind", () => {
  const CHANGE = "https://schemas.openid.net/secevent/caep/event-type/credential-change";

  it("ends nothing, and is told to who wants to hear, once, as all are", async () => {
    const browser = await comeIn("s-1");
    const heard: SecurityEvent[] = [];
    const onEvent = (event: SecurityEvent): void => void heard.push(event);
    const claims = { events: { [CHANGE]: { credential_type: "password", change_type: "update" } } };
    const token = await provider.event(now(), ADA, {}, claims);
    expect(await receiveSecurityEvent(world.sessions, token)).toEqual({ ok: true, ended: 0 });
    const other = await provider.event(now(), ADA, {}, claims);
    for (const ended of [0, 0]) {
      const received = await receiveSecurityEvent(world.sessions, other, { onEvent });
      expect(received).toEqual({ ok: true, ended });
    }
    const details = { credential_type: "password", change_type: "update" };
    expect(heard).toEqual([{ type: CHANGE, issuer: ISSUER, subject: ADA, details }]);
    expect(await isAlive(browser)).toBe(true);
  });

  it("comes again where whoever heard of it has failed", async () => {
    const token = await provider.event(now(), ADA);
    const onEvent = () => Promise.reject(new Error("no mail today"));
    const failed = receiveSecurityEvent(world.sessions, token, { onEvent });
    await expect(failed).rejects.toThrow("no mail today");
    const heard: unknown[] = [];
    await receiveSecurityEvent(world.sessions, token, { onEvent: (event) => heard.push(event) });
    expect(heard).toHaveLength(1);
  });
});
