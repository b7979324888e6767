import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceBound } from "../../../src/security/dbsc/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { MINUTE, SECOND, SetClock } from "../../laws/support/clock.ts";
import { places } from "../../laws/support/everywhere.ts";
import { times, World } from "../../laws/support/world.ts";
import { Random } from "../../support/random.ts";
import { BOUND, Device, offerIn, PAGE } from "./support/device.ts";

const ROUNDS = 40;

describe("what writes to a session at the same time", () => {
  it("costs it neither its binding nor a write", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const app = new World({ protections: [deviceBound()] });
      const browser = app.browser();
      const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
      const other = app.process({ protections: [deviceBound()] });
      delay(app, round);
      const device = new Device(browser);
      const writes = times(6, (at) =>
        browser
          .copy(at % 2 === 0 ? app.sessions : other)
          .visit((session) => session.update("writes", (n = 0) => n + 1), { headers: PAGE }),
      );
      const [registered] = await Promise.all([device.register(offer), writes]);
      expect(registered.status, `round ${round}`).toBe(200);
      const refreshing = new Device(browser.copy(other));
      Object.assign(refreshing, { key: device.key, id: device.id, challenge: device.challenge });
      const [refreshed] = await Promise.all([
        refreshing.refresh(),
        times(6, () =>
          browser.copy().visit((session) => session.update("writes", (n = 0) => n + 1), {
            headers: PAGE,
          }),
        ),
      ]);
      expect(refreshed.status, `round ${round}`).toBe(200);
      const { json } = await browser.visit((session) => session.get("writes"), { headers: PAGE });
      expect(json, `round ${round}`).toBe(12);
      app.clock.move(MINUTE + SECOND);
      browser.jar.delete(BOUND);
      expect((await browser.visit(() => undefined, { headers: PAGE })).status).toBe(403);
    }
  });

  it("leaves it bound under each new token, and found under the newest", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const app = new World({ protections: [deviceBound()] });
      const device = await new Device(app.browser()).bind();
      delay(app, round);
      const [answer] = await Promise.all([
        device.refresh(),
        device.browser.visit((session) => session.regenerate(), { headers: PAGE }),
      ]);
      expect(answer.headers.getSetCookie(), `round ${round}`).toHaveLength(1);
      app.clock.move(20 * MINUTE);
      expect((await device.refresh()).headers.getSetCookie(), `round ${round}`).toHaveLength(1);
      const { json } = await device.browser.visit((session) => session.userId, { headers: PAGE });
      expect(json).toBe("ada");
    }
  });

  it("never outruns its end: what is refreshed at the same time opens nothing", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const app = new World({ protections: [deviceBound()] });
      const device = await new Device(app.browser()).bind();
      const before = device.browser.copy();
      delay(app, round);
      await Promise.all([
        device.refresh(),
        before.visit((session) => session.signOut(), { headers: PAGE }),
      ]);
      const late = await device.refresh();
      expect(await late.json(), `round ${round}`).toMatchObject({ continue: false });
      const { json } = await device.browser.visit((session) => session.userId ?? null, {
        headers: PAGE,
      });
      expect(json, `round ${round}`).toBeNull();
    }
  });
});

/** Each call on the store takes a while of its own, another in each round. */
function delay(app: World, seed: number): void {
  const random = new Random(seed);
  app.switch.behave = async (_operation, send) => {
    for (let turns = random.below(4); turns >= 0; turns -= 1) await new Promise(setImmediate);
    return send();
  };
}

const PLACES = places();

describe.each(PLACES.all.slice(0, 4).map(({ name }) => name))("over two processes, %s", (name) => {
  beforeAll(() => PLACES.start());
  afterAll(() => PLACES.stop());

  it("one of several meets a challenge, and the session stays bound", async () => {
    const place = PLACES.all.find((each) => each.name === name) ?? expect.unreachable();
    const clock = new SetClock(Date.now());
    const [one, two] = await place.open(clock, { protections: [deviceBound()] });
    const device = new Device(new Browser(one));
    const offer = offerIn((await device.browser.visit((session) => session.signIn("ada"))).headers);
    const registered = await times(4, async (at) => {
      const other = new Device(device.browser.copy(at % 2 === 0 ? one : two));
      return { other, status: (await other.register(offer)).status };
    });
    const winners = registered.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const { other: winner } = winners[0] ?? expect.unreachable();
    const proof = await winner.proof();
    const refreshed = await times(4, async (at) => {
      const other = new Device(device.browser.copy(at % 2 === 0 ? one : two));
      other.id = winner.id;
      return (await other.ask(proof)).status;
    });
    expect(refreshed.filter((status) => status === 200)).toHaveLength(1);
    const bound = winner.browser.copy(two);
    const { json } = await bound.visit((session) => session.userId, { headers: PAGE });
    expect(json).toBe("ada");
    clock.move(2 * MINUTE);
    bound.jar.delete(BOUND);
    expect((await bound.visit(() => undefined, { headers: PAGE })).status).toBe(403);
    const again = await one.list({ userId: "ada" });
    expect(again).toHaveLength(1);
  });
});
