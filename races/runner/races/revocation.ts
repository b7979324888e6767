import type { Site } from "../application.ts";
import type { Findings } from "../findings.ts";

const REQUESTS = 20;

/** How many requests of a session are accepted after somebody else has ended it. */
export async function revocation(site: Site): Promise<Findings["revocation"]> {
  const device = site.visitor();
  await device.post("/sign-in/ada");
  await device.read();
  const { status } = await site.visitor().at(1).post("/users/ada/end");
  if (status === 501) return undefined;
  if (status !== 200) throw new Error(`POST /users/ada/end is answered by ${status}.`);
  let accepted = 0;
  for (let index = 0; index < REQUESTS; index += 1) {
    if ((await device.read()).user !== undefined) accepted += 1;
  }
  return { requests: REQUESTS, accepted };
}
