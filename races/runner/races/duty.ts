import type { Site } from "../application.ts";

const LOOKS = 100;

/**
 * Does the application do what the nine routes are for, with nothing racing? Whoever loses here would
 * win or lose the races for reasons of its own.
 */
export async function checkDuty(site: Site): Promise<void> {
  const visitor = site.visitor();
  const check = async (does: string, isRight: () => Promise<boolean>): Promise<void> => {
    if (!(await isRight())) throw new Error(`It does not ${does}, though nothing races.`);
  };
  const holds = async (key: string): Promise<boolean> => key in (await visitor.read()).values;
  await check("set a key", async () => {
    await visitor.post("/set/one");
    await visitor.post("/set/two");
    return (await holds("one")) && holds("two");
  });
  await check("count", async () => {
    await visitor.post("/increment");
    await visitor.post("/increment");
    return (await visitor.read()).values["count"] === 2;
  });
  await check("redirect", async () => {
    const { status, location = "" } = await visitor.post("/redirect/three");
    // Whether at once is a race.
    for (let look = 0; look < LOOKS && !(await holds("three")); look += 1);
    return status === 303 && location.endsWith("/read") && holds("three");
  });
  await check("sign in", async () => {
    await visitor.post("/sign-in/ada");
    return (await visitor.read()).user === "ada" && (await visitor.read()).user === "ada";
  });
  await check("keep what a signed-in user sets", async () => {
    await visitor.post("/set/four");
    return (await visitor.read()).user === "ada" && holds("four");
  });
  await check("sign out", async () => {
    await visitor.post("/sign-out");
    return (await visitor.read()).user === undefined;
  });
}
