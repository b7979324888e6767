import type { Site } from "../application.ts";
import type { Findings } from "../findings.ts";
import { type Gate, settles } from "../gate.ts";
import type { Effort } from "./effort.ts";

/** Does the page that a redirect leads to find what was set before it? */
export async function redirect(
  site: Site,
  gate: Gate,
  { rounds }: Effort,
): Promise<NonNullable<Findings["redirect"]>> {
  let missed = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (!(await isFound(site, gate))) missed += 1;
  }
  return { rounds, missed, isHeld: site.proxies.length > 0 };
}

/**
 * Where there is a network between the process and its store, it stands still from the moment at which the
 * handler has read its session: a redirect that leaves meanwhile is followed, in the other process, by a
 * browser that is quicker than the write.
 */
async function isFound(site: Site, gate: Gate): Promise<boolean> {
  const visitor = site.visitor();
  await visitor.post("/set/before");
  const [network] = site.proxies;
  const barrier = gate.barrier();
  const head = visitor.at(0).head(`/redirect/cart?wait=${barrier.url}`);
  await barrier.arrived(1);
  network?.hold();
  barrier.open();
  try {
    if (network !== undefined && !(await settles(head))) network.pass();
    const { location } = await head;
    // No redirect, no claim: it may have given up a store that answered nothing.
    if (location === undefined) return true;
    return "cart" in (await visitor.at(1).read(location)).values;
  } finally {
    network?.pass();
  }
}
