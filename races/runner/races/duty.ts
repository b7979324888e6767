import type { Site } from "../application.ts";
import type { Visitor } from "../visitor.ts";

const LOOKS = 100;

/** Does it keep what an application puts in? Some sessions only say who is there. */
export async function holdsData(site: Site): Promise<boolean> {
  return (await site.visitor().post("/set/one")).status !== 501;
}

/**
 * Does the application do what the nine routes are for, with nothing racing? Whoever loses here would
 * win or lose the races for reasons of its own.
 */
export async function checkDuty(site: Site, hasData: boolean): Promise<void> {
  const visitor = site.visitor();
  if (hasData) await checkData(visitor);
  await check("sign in", async () => {
    await visitor.post("/sign-in/ada");
    return (await visitor.read()).user === "ada" && (await visitor.read()).user === "ada";
  });
  if (hasData) {
    await check("keep what a signed-in user sets", async () => {
      await visitor.post("/set/four");
      return (await visitor.read()).user === "ada" && holds(visitor, "four");
    });
  }
  await check("sign out", async () => {
    await visitor.post("/sign-out");
    return (await visitor.read()).user === undefined;
  });
}

async function checkData(visitor: Visitor): Promise<void> {
  await check("set a key", async () => {
    await visitor.post("/set/one");
    await visitor.post("/set/two");
    return (await holds(visitor, "one")) && holds(visitor, "two");
  });
  await check("count", async () => {
    await visitor.post("/increment");
    await visitor.post("/increment");
    return (await visitor.read()).values["count"] === 2;
  });
  await check("redirect", async () => {
    const { status, location = "" } = await visitor.post("/redirect/three");
    // Whether at once is a race.
    for (let look = 0; look < LOOKS && !(await holds(visitor, "three")); look += 1);
    return status === 303 && location.endsWith("/read") && holds(visitor, "three");
  });
}

async function check(does: string, isRight: () => Promise<boolean>): Promise<void> {
  if (!(await isRight())) throw new Error(`It does not ${does}, though nothing races.`);
}

async function holds(visitor: Visitor, key: string): Promise<boolean> {
  return key in (await visitor.read()).values;
}
