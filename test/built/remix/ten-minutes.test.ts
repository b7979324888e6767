import { REMIX } from "../../../src/cli/init/setups/remix.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "remix",
  setup: REMIX,
  // With trustProxy and without NODE_ENV plain http counts as production.
  develop: () => ({
    command: ["node", "--watch", "server.ts"],
    env: { NODE_ENV: "development" },
  }),
  build: undefined,
  start: () => ({ command: ["node", "server.ts"] }),
});
