import { H3 } from "../../../src/cli/init/setups/h3.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "h3",
  setup: H3,
  develop: () => ({ command: ["node", "app.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "app.ts"] }),
});
