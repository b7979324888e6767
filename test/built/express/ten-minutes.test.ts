import { EXPRESS } from "../../../src/cli/init/setups/express.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "express",
  setup: EXPRESS,
  develop: () => ({ command: ["node", "app.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "app.ts"] }),
});
