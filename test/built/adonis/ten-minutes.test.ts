import { ADONIS } from "../../../src/cli/init/setups/adonis.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "adonis",
  setup: ADONIS,
  develop: () => ({ command: ["npm", "run", "dev"], env: { HOST: "localhost" } }),
  build: { command: ["npm", "run", "build"] },
  start: () => ({ command: ["node", "build/bin/server.js"] }),
});
