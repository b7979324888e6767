import { NEST } from "../../../src/cli/init/setups/nest.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

for (const platform of ["", "-fastify"]) {
  const dev = platform === "" ? "dev" : "dev:fastify";
  describeTenMinutes({
    example: "nest",
    setup: NEST,
    develop: () => ({ command: ["npm", "run", dev] }),
    build: { command: ["tsc"] },
    start: () => ({ command: ["node", `dist/main${platform}.js`] }),
  });
}
