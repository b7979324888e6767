import type { Project, Setup } from "./setup.ts";
import { EXPRESS } from "./setups/express.ts";
import { FASTIFY } from "./setups/fastify.ts";
import { KOA } from "./setups/koa.ts";
import { NODE } from "./setups/node.ts";

/** Every framework that is known, as `sojourn init NAME` lists them. */
export const SETUPS: readonly Setup[] = [EXPRESS, FASTIFY, KOA, NODE];

/** The framework that the project is made with; of several that are there the one built on the others. */
export function setupFor({ dependencies }: Project): Setup | undefined {
  const there = SETUPS.filter(({ dependency }) => Object.hasOwn(dependencies, dependency));
  const isBelow = ({ name }: Setup): boolean =>
    there.some(({ foundAfter = [] }) => foundAfter.includes(name));
  return there.find((setup) => !isBelow(setup));
}
