import { DENO } from "../../../src/cli/init/setups/deno.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "deno",
  setup: DENO,
  develop: () => ({ command: ["deno", "run", "-A", "serve.ts"] }),
  build: undefined,
  start: () => ({ command: ["deno", "run", "-A", "serve.ts"] }),
});
