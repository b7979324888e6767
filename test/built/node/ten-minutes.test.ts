import { NODE } from "../../../src/cli/init/setups/node.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "node",
  setup: NODE,
  develop: () => ({ command: ["node", "app.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "app.ts"] }),
});
