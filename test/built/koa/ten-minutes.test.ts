import { KOA } from "../../../src/cli/init/setups/koa.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "koa",
  setup: KOA,
  develop: () => ({ command: ["node", "app.ts"] }),
  build: undefined,
  start: () => ({ command: ["node", "app.ts"] }),
});
