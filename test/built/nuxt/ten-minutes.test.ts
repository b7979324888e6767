import { NUXT } from "../../../src/cli/init/setups/nuxt.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "nuxt",
  setup: NUXT,
  develop: (port) => ({ command: ["nuxt", "dev", "--port", `${port}`] }),
  build: { command: ["nuxt", "build"] },
  start: () => ({ command: ["node", ".output/server/index.mjs"] }),
});
