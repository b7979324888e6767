import { REACT_ROUTER } from "../../../src/cli/init/setups/react-router.ts";
import { describeTenMinutes } from "../support/ten-minutes.ts";

describeTenMinutes({
  example: "react-router",
  setup: REACT_ROUTER,
  develop: (port) => ({ command: ["react-router", "dev", "--port", String(port)] }),
  build: { command: ["react-router", "build"] },
  start: () => ({ command: ["react-router-serve", "build/server/index.js"] }),
});
