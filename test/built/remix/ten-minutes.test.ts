import { REMIX } from "../../../src/cli/init/setups/remix.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "remix",
  setup: REMIX,
  develop: () => ({ command: ["node", "--watch", "server.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "server.ts"] }),
});
