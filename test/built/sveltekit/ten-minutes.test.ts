import { SVELTEKIT } from "../../../src/cli/init/setups/sveltekit.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "sveltekit",
  setup: SVELTEKIT,
  develop: (port) => ({ command: ["vite", "dev", "--port", String(port)] }),
  build: { command: ["vite", "build"] },
  start: () => ({ command: ["node", "build"] }),
});
