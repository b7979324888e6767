import type { Site } from "../application.ts";
import type { Findings } from "../findings.ts";
import { type Gate, settles } from "../gate.ts";
import type { Visitor } from "../visitor.ts";
import type { Effort } from "./effort.ts";

/** Who is signed in once a request that began before the sign-out is answered after it? */
export async function resurrection(
  site: Site,
  gate: Gate,
  { rounds }: Effort,
  { lives, hasData }: { readonly lives: boolean; readonly hasData: boolean },
): Promise<Findings["resurrection"]> {
  let byWriter = 0;
  let byReader = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [writer, reader] = [site.visitor(), site.visitor()];
    if (hasData && (await comesBack(writer, gate, "POST /set/late", lives))) byWriter += 1;
    if (await comesBack(reader, gate, "GET /read", lives)) byReader += 1;
  }
  return { rounds, ...(hasData && { byWriter }), byReader };
}

/** Whether a cookie copied before a sign-out in peace still opens the session. */
export async function copyLives(site: Site): Promise<boolean> {
  const visitor = site.visitor();
  await visitor.post("/sign-in/ada");
  const copy = visitor.copy();
  await visitor.post("/sign-out");
  return (await copy.read()).user !== undefined;
}

/** In the browser; or for whoever has a copy of its cookie, where that is dead after a sign-out in peace. */
async function comesBack(
  visitor: Visitor,
  gate: Gate,
  late: "POST /set/late" | "GET /read",
  lives: boolean,
): Promise<boolean> {
  await visitor.post("/sign-in/ada");
  const copy = visitor.copy();
  const barrier = gate.barrier();
  const slow =
    late === "GET /read"
      ? visitor.at(0).get(`/read?wait=${barrier.url}`)
      : visitor.at(0).post(`/set/late?wait=${barrier.url}`);
  await barrier.arrived(1);
  const signOut = visitor.at(1).post("/sign-out");
  await settles(signOut);
  barrier.open();
  await Promise.all([slow, signOut]);
  if ((await visitor.read()).user !== undefined) return true;
  return !lives && (await copy.read()).user !== undefined;
}
