import type { Project, Setup } from "./setup.ts";

/** Every framework that is known, as `sojourn init NAME` lists them. */
export const SETUPS: readonly Setup[] = [];

/** The framework that the project is made with; of several that are there the one built on the others. */
export function setupFor({ dependencies }: Project): Setup | undefined {
  const there = SETUPS.filter(({ dependency }) => Object.hasOwn(dependencies, dependency));
  const isBelow = ({ name }: Setup): boolean =>
    there.some(({ foundAfter = [] }) => foundAfter.includes(name));
  return there.find((setup) => !isBelow(setup));
}
