import { NITRO } from "../../../src/cli/init/setups/nitro.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "nitro",
  setup: NITRO,
  develop: (port) => ({
    command: ["nitro", "dev", "--port", `${port}`],
    env: { NODE_ENV: "development" },
  }),
  build: { command: ["nitro", "build"] },
  start: () => ({ command: ["node", ".output/server/index.mjs"] }),
});
