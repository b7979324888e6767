import { SOLID_START } from "../../../src/cli/init/setups/solid-start.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "solid-start",
  setup: SOLID_START,
  develop: (port) => ({ command: ["vite", "dev", "--port", `${port}`, "--strictPort"] }),
  build: { command: ["vite", "build"] },
  start: () => ({ command: ["node", ".output/server/index.mjs"] }),
});
