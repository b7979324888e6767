import { HONO } from "../../../src/cli/init/setups/hono.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "hono",
  setup: HONO,
  develop: () => ({ command: ["npm", "run", "dev"] }),
  build: undefined,
  start: () => ({ command: ["node", "src/node.ts"] }),
});
