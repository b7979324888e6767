import { NEXT } from "../../../src/cli/init/setups/next.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "next",
  setup: NEXT,
  develop: (port) => ({ command: ["next", "dev", "-p", `${port}`] }),
  build: { command: ["next", "build"] },
  start: (port) => ({ command: ["next", "start", "-H", "127.0.0.1", "-p", `${port}`] }),
  countsBy: "button",
});
