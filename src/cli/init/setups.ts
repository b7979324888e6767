import type { Project, Setup } from "./setup.ts";
import { ADONIS } from "./setups/adonis.ts";
import { ASTRO } from "./setups/astro.ts";
import { BUN } from "./setups/bun.ts";
import { DENO } from "./setups/deno.ts";
import { ELYSIA } from "./setups/elysia.ts";
import { EXPRESS } from "./setups/express.ts";
import { FASTIFY } from "./setups/fastify.ts";
import { H3 } from "./setups/h3.ts";
import { HONO } from "./setups/hono.ts";
import { KOA } from "./setups/koa.ts";
import { NEST } from "./setups/nest.ts";
import { NEXT } from "./setups/next.ts";
import { NITRO } from "./setups/nitro.ts";
import { NODE } from "./setups/node.ts";
import { NUXT } from "./setups/nuxt.ts";
import { REACT_ROUTER } from "./setups/react-router.ts";
import { REMIX } from "./setups/remix.ts";
import { SOLID_START } from "./setups/solid-start.ts";
import { SVELTEKIT } from "./setups/sveltekit.ts";
import { TANSTACK_START } from "./setups/tanstack-start.ts";
import { WORKERS } from "./setups/workers.ts";

/** Every framework that is known, as `sojourn init NAME` lists them. */
export const SETUPS: readonly Setup[] = [
  ADONIS,
  ASTRO,
  BUN,
  DENO,
  ELYSIA,
  EXPRESS,
  FASTIFY,
  H3,
  HONO,
  KOA,
  NEST,
  NEXT,
  NITRO,
  NODE,
  NUXT,
  REACT_ROUTER,
  REMIX,
  SOLID_START,
  SVELTEKIT,
  TANSTACK_START,
  WORKERS,
];

/** The framework that the project is made with; of several that are there the one built on the others. */
export function setupFor({ dependencies }: Project): Setup | undefined {
  const there = SETUPS.filter(({ dependency }) => Object.hasOwn(dependencies, dependency));
  const isBelow = ({ name }: Setup): boolean =>
    there.some(({ foundAfter = [] }) => foundAfter.includes(name));
  return there.find((setup) => !isBelow(setup));
}
