import { describe, expect, it } from "vitest";
import type { SessionOptions } from "../../src/index.ts";
import { elevate, lockWhenIdle, unlock } from "../../src/security/assurance/index.ts";
import {
  type AuditOptions,
  type AuditRecord,
  audit,
  verifyAudit,
} from "../../src/security/audit/index.ts";
import { limitCreation, limitSessions } from "../../src/security/limits/index.ts";
import { MINUTE } from "../laws/support/clock.ts";
import { World } from "../laws/support/world.ts";

const KEY = "kSJ3v0gq0mZ5x1Wb2cYt7uNn4pLr8sDf9aHj6eGi";

/** A world whose happenings are recorded in a list. */
function audited(
  options: Partial<AuditOptions> = {},
  settings: Partial<SessionOptions> & Record<string, unknown> = {},
): { world: World; records: AuditRecord[]; close: () => Promise<void> } {
  const world = new World(settings);
  const records: AuditRecord[] = [];
  const sink = (record: AuditRecord): void => void records.push(record);
  const trail = audit(world.sessions, { sink, ...options });
  return { world, records, close: () => trail.close() };
}

describe("an audit", () => {
  it("records who signed in, out of what, when and by which request [ASVS 16.3.1]", async () => {
    const { world, records, close } = audited();
    const browser = await world.returning();
    const before = await world.idOf(browser);
    const visit = {
      method: "POST",
      path: "/sign-in?next=/secret",
      headers: { "user-agent": "Browser/1\t[2J", "sec-fetch-site": "same-origin" },
    };
    await browser.visit((session) => session.signIn("ada"), visit);
    await close();
    const id = await world.idOf(browser);
    expect(records.find(({ event }) => event === "signedIn")).toEqual({
      time: new Date(world.clock.now()).toISOString(),
      event: "signedIn",
      sessions: "session",
      sessionId: id,
      userId: "ada",
      details: { previousId: before },
      request: { method: "POST", path: "/sign-in", userAgent: "Browser/1\\u0009[2J" },
    });
  });

  it("records every kind of refusal, and what nobody's request has done [ASVS 16.3.2, ASVS 16.3.3]", async () => {
    const { world, records, close } = audited();
    const browser = await world.signedIn("ada");
    await world.sessions.revokeAll({ userId: "ada" });
    await browser.visit(() => undefined);
    await close();
    const [revoked] = records.filter(({ event }) => event === "revoked");
    expect(revoked).toMatchObject({ userId: "ada" });
    expect(revoked).not.toHaveProperty("request");
    const [rejected] = records.filter(({ event }) => event === "rejected");
    expect(rejected).toMatchObject({ details: { reason: "revoked" }, request: { method: "GET" } });
  });

  it("records an outage of the store by its kind, without the driver's words [ASVS 16.3.4]", async () => {
    const { world, records, close } = audited();
    world.switch.behave = () => Promise.reject(new Error("password=hunter2"));
    const browser = world.browser();
    browser.token = "A".repeat(43);
    await browser.visit(() => undefined);
    await close();
    const failure = records.find(({ event }) => event === "storeError");
    expect(failure?.details).toMatchObject({ code: "ERR_SESSION_STORE", operation: "load" });
    expect(JSON.stringify(records)).not.toContain("hunter2");
  });

  it("holds no token, no cookie and no query, whatever happens [ASVS 16.2.5]", async () => {
    const heads: unknown[] = [];
    const { world, records, close } = audited({
      address: (request) => {
        heads.push(request.header("cookie"), request.header("authorization"), request);
        return undefined;
      },
    });
    const browser = await world.signedIn("ada");
    const first = browser.token ?? "";
    await browser.visit((session) => session.regenerate(), {
      path: "/?token=s3cret",
      headers: { authorization: "Bearer s3cret" },
    });
    await close();
    const text = JSON.stringify([records, heads]);
    for (const secret of [first, browser.token ?? "", "s3cret"]) expect(text).not.toContain(secret);
  });

  it("records an address only where it is told to", async () => {
    const addresses: (string | undefined)[] = [];
    for (const address of [undefined, (): string => "203.0.113.7"]) {
      const { world, records, close } = audited({ address });
      await world.signedIn("ada");
      await close();
      addresses.push(records.find(({ event }) => event === "signedIn")?.request?.address);
    }
    expect(addresses).toEqual([undefined, "203.0.113.7"]);
  });

  it("records no address of whom a limit has met, unless it is told to", async () => {
    const details: unknown[] = [];
    for (const address of [false, true]) {
      const refuse = limitCreation({
        consume: () => Promise.reject({}),
        client: () => "192.0.2.1",
      });
      const { world, records, close } = audited({ address }, { protections: [refuse] });
      await world.returning();
      await close();
      details.push(records.find(({ event }) => event === "throttled")?.details);
    }
    expect(details).toEqual([{ attempt: "begin" }, { attempt: "begin", client: "192.0.2.1" }]);
  });

  it("tells by which request whatever a protection has seen happened [ASVS 16.3.1]", async () => {
    const limit = limitCreation({ consume: () => Promise.reject({}), client: () => "me" });
    const lock = lockWhenIdle({ after: "5m" });
    const protections = [lock, limitSessions({ perUser: 1 }), limit];
    const { world, records, close } = audited({}, { protections });
    const browser = await world.signedIn("ada");
    const factors = ["totp", "pin"];
    await browser.visit((session) => elevate(session, { purpose: "pay", factors, for: "1m" }));
    world.clock.move(10 * MINUTE);
    await browser.visit((session) => unlock(session, { factors: ["pin"] }));
    await world.signedIn("ada");
    const foreign = { method: "POST", headers: { "sec-fetch-site": "cross-site" } };
    await browser.visit(() => undefined, foreign);
    await world.returning();
    await close();
    const seen = ["elevated", "unlocked", "limited", "revoked", "refused", "throttled"];
    for (const event of seen) {
      const record = records.find((each) => each.event === event);
      expect([event, record?.request?.path]).toEqual([event, "/"]);
    }
    expect(records.find(({ event }) => event === "elevated")?.details).toMatchObject({
      factors: "totp pin",
    });
  });

  it.each([
    ["Cookie", "X-Api-Key", "Cf-Access-Jwt-Assertion", "Proxy-Authorization", "X-XSRF-Token"],
    ["Referer", "X-Original-Url", "X-Forwarded-Uri", "X-Amz-Security-Token", "X-Password"],
  ])(
    "gives its listeners no header with a secret: %s, %s, %s, %s, %s [ASVS 16.2.5]",
    async (...names) => {
      const world = new World();
      const told: unknown[] = [];
      world.sessions.on("signedIn", (_event, request) => {
        told.push(...names.map((name) => request?.header(name)), request?.header("user-agent"));
      });
      const headers = Object.fromEntries(names.map((name) => [name, "/reset?token=s3cret"]));
      const browser = world.browser();
      await browser.visit((session) => session.signIn("ada"), {
        headers: { ...headers, "user-agent": "Browser/1" },
      });
      expect(told).toEqual([...names.map(() => undefined), "Browser/1"]);
    },
  );

  it("gives a record again that the sink has refused, and keeps their order", async () => {
    const kept: string[] = [];
    const heard: unknown[] = [];
    let refusals = 2;
    const sink = async ({ event }: AuditRecord): Promise<void> => {
      refusals -= 1;
      if (refusals >= 0) throw new Error("disk full");
      kept.push(event);
    };
    const onError = (error: Error): void => void heard.push(error.message);
    const { world, close } = audited({ sink }, { onError });
    const browser = await world.signedIn("ada");
    await browser.visit((session) => session.signOut());
    await expect.poll(() => kept.length).toBe(3);
    await close();
    expect(kept).toEqual(["created", "signedIn", "signedOut"]);
    expect(heard).toEqual(["disk full", "disk full"]);
  });

  it("says how many records were lost while the sink was out", async () => {
    let isOut = true;
    const heard: string[] = [];
    const sink = (): Promise<void> =>
      isOut ? Promise.reject(new Error("out")) : Promise.resolve();
    const onError = (error: Error): void => void heard.push(error.message);
    const { world, close } = audited({ sink }, { onError });
    const browser = world.browser();
    browser.token = "malformed";
    for (let visits = 0; visits < 10_003; visits += 1) await browser.copy().visit(() => undefined);
    isOut = false;
    await expect
      .poll(
        async () => {
          await browser.copy().visit(() => undefined);
          return heard.filter((message) => message !== "out");
        },
        { timeout: 20_000 },
      )
      .toEqual([expect.stringMatching(/^\d+ audit records were lost/)]);
    await close();
  });

  it("refuses what is no sink, no event and no key", () => {
    const world = new World();
    const sink = (): void => undefined;
    const tryWith = (options: object) => () => audit(world.sessions, options as AuditOptions);
    expect(tryWith({})).toThrow("audit.sink: must be a function");
    expect(tryWith({ sink, events: ["signIn"] })).toThrow('audit.events: "signIn" never happens');
    expect(tryWith({ sink, chain: { key: "short" } })).toThrow("chain.key: must be a secret text");
    expect(tryWith({ sink, adress: true })).toThrow("audit.adress: is not known");
    expect(tryWith({ sink, address: "yes" })).toThrow("audit.address: must be true, false");
  });
});

describe("a chain of audit records", () => {
  const recorded = async (): Promise<AuditRecord[]> => {
    const { world, records, close } = audited({ chain: { key: KEY } });
    const browser = await world.signedIn("ada");
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signOut());
    await close();
    return JSON.parse(JSON.stringify(records));
  };

  it("proves that nothing was changed [ASVS 16.4.2]", async () => {
    const records = await recorded();
    const [first] = records;
    expect(records).toHaveLength(4);
    expect(verifyAudit(records, KEY)).toEqual({ ok: true, ends: new Map([[first?.chain?.id, 4]]) });
  });

  it("is found again with its keys in another order, as a database may give it back", async () => {
    const records = await recorded();
    const turned = records.map((record) => Object.fromEntries(Object.entries(record).reverse()));
    expect(verifyAudit(turned as unknown as AuditRecord[], KEY).ok).toBe(true);
  });

  it("shows each single change, at its place [ASVS 16.4.2]", async () => {
    const records = await recorded();
    for (const [index, record] of records.entries()) {
      for (const key of Object.keys(record).filter((name) => name !== "chain")) {
        const changed = records.with(index, { ...record, [key]: "mallory" });
        expect(verifyAudit(changed, KEY)).toEqual({ ok: false, index, problem: "altered" });
      }
      const without = records.toSpliced(index, 1);
      const isLast = index === records.length - 1;
      expect(verifyAudit(without, KEY)).toEqual(
        isLast ? expect.objectContaining({ ok: true }) : { ok: false, index, problem: "missing" },
      );
    }
  });

  it("takes no record that was put in, nor one that was marked under another key", async () => {
    const records = await recorded();
    const [first] = records as [AuditRecord];
    const { chain: _, ...bare } = first;
    const twice = verifyAudit([first, first], KEY);
    expect(twice).toEqual({ ok: false, index: 1, problem: "missing" });
    expect(verifyAudit([bare], KEY)).toEqual({ ok: false, index: 0, problem: "unchained" });
    const other = verifyAudit(records, KEY.toLowerCase());
    expect(other).toEqual({ ok: false, index: 0, problem: "altered" });
    const link = { ...first.chain, note: "put in" } as AuditRecord["chain"] & object;
    const beside = verifyAudit([{ ...first, chain: link }], KEY);
    expect(beside).toEqual({ ok: false, index: 0, problem: "altered" });
    for (const odd of [null, 1, { chain: 1 }, { chain: { id: 1 } }]) {
      expect(verifyAudit([odd as never], KEY)).toMatchObject({ ok: false, problem: "unchained" });
    }
  });

  it("checks chains of several processes that are mixed", async () => {
    const [one, other] = [await recorded(), await recorded()];
    const mixed = one.flatMap((record, index) => [record, other[index] as AuditRecord]);
    expect(verifyAudit(mixed, KEY)).toMatchObject({ ok: true });
    expect(verifyAudit(mixed.toSpliced(3, 1), KEY)).toMatchObject({ ok: false });
  });
});
