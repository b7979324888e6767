import { TANSTACK_START } from "../../../src/cli/init/setups/tanstack-start.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "tanstack-start",
  setup: TANSTACK_START,
  develop: (port) => ({ command: ["vite", "dev", "--port", String(port)] }),
  build: { command: ["vite", "build"] },
  start: () => ({ command: ["node", "serve.js"] }),
});
