import { defineHandler } from "nitro";
import { suite } from "../../../suite.ts";

export default defineHandler(async (event) => {
  const session = await suite().managers[0]?.open(event);
  return { user: session?.userId, visits: await session?.update("visits", (n) => n + 1) };
});
