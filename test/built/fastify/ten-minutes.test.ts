import { FASTIFY } from "../../../src/cli/init/setups/fastify.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "fastify",
  setup: FASTIFY,
  develop: () => ({ command: ["node", "app.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "app.ts"] }),
});
