import { serverFetch } from "nitro";
import { defineCachedHandler } from "nitro/cache";

/** Asks the application itself, for nobody. */
export default defineCachedHandler(
  async () => ({ answered: await (await serverFetch("/own/visit")).text() }),
  { maxAge: 60 },
);
