import { ASTRO } from "../../../src/cli/init/setups/astro.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "astro",
  setup: ASTRO,
  develop: (port) => ({ command: ["astro", "dev", "--port", String(port)] }),
  build: { command: ["astro", "build"] },
  start: () => ({ command: ["node", "dist/server/entry.mjs"] }),
});
