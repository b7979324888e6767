import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { Random } from "../support/random.ts";
import { DAMAGED_PLACES, type DamagedPlace } from "./places.ts";

const DAMAGES = 150;
const SEED = 20_261_127;

describe.each(Object.entries(DAMAGED_PLACES))("what is damaged in %s", (_, open) => {
  let place: DamagedPlace;
  let sessions: Sessions<Untyped>;

  beforeAll(async () => {
    place = await open();
    sessions = createSessions<Untyped>({
      store: place.store,
      onError: () => undefined,
    }) as Sessions<Untyped>;
  });

  afterAll(async () => {
    await sessions.close();
    await place.close();
  });

  it("is no session, or a whole one; it crashes nothing, and never lasts for ever", async () => {
    const random = Random.of(SEED);
    const browser = new Browser(sessions);
    const id = String(
      (
        await browser.visit(async (session) => {
          session.set("text", "x");
          await session.signIn("ada", { factors: ["password"], label: "phone" });
          return session.id;
        })
      ).json,
    );
    const seen = { taken: 0, refused: 0 };
    for (let count = 0; count < DAMAGES; count += 1) {
      await place.damage(id, random);
      const standing = await standingOf(browser.copy());
      seen[standing === undefined ? "refused" : "taken"] += 1;
      if (standing === undefined) continue;
      expect(["string", "object"]).toContain(typeof standing.user);
      expect(standing.expiresAt).toBeGreaterThan(Date.now());
      expect(Number.isFinite(standing.endsAt)).toBe(true);
    }
    expect(seen.taken).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  });
});

interface Standing {
  readonly user: unknown;
  readonly expiresAt: number;
  readonly endsAt: unknown;
}

/** What the application finds; nothing where it finds no session, or the store says it is broken. */
async function standingOf(browser: Browser): Promise<Standing | undefined> {
  const answer = await browser.visit((session) => {
    const { userId, expiresAt, endsAt, label, factors } = session;
    [label, factors, session.get("text"), session.isFresh("5m")];
    return session.isNew ? null : { user: userId ?? null, expiresAt, endsAt };
  });
  // Any other error than the store's is answered by 500.
  expect([200, 503]).toContain(answer.status);
  if (answer.status === 503) return undefined;
  return (answer.json ?? undefined) as Standing | undefined;
}
