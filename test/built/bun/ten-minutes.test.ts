import { BUN } from "../../../src/cli/init/setups/bun.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "bun",
  setup: BUN,
  develop: () => ({ command: ["bun", "serve.ts"] }),
  build: undefined,
  start: () => ({ command: ["bun", "serve.ts"] }),
});
