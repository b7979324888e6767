import { defineCachedHandler } from "nitro/cache";
import { suite } from "../../../suite.ts";

export default defineCachedHandler(
  async (event) => ({ user: (await suite().managers[0]?.open(event))?.userId ?? "nobody" }),
  { maxAge: 60 },
);
