import { ELYSIA } from "../../../src/cli/init/setups/elysia.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

const RUNTIMES = [
  ["bun", "dev"],
  ["node", "dev:node"],
] as const;

for (const [runtime, dev] of RUNTIMES) {
  describeTenMinutes({
    example: "elysia",
    setup: ELYSIA,
    develop: () => ({ command: ["npm", "run", dev] }),
    build: undefined,
    start: () => ({ command: [runtime, `src/${runtime}.ts`] }),
  });
}
