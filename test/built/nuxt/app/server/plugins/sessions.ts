import { type NuxtEvent, type NuxtServer, sessionPlugin } from "sojourn/nuxt";

/** For requests of the suite its managers, and the example's own for all others. */
export default defineNitroPlugin(({ h3App }) => {
  const { handler } = h3App;
  const handle = (event: NuxtEvent): unknown => {
    const server = { h3App: { handler } } as NuxtServer;
    const managers = suiteOf(event)?.managers ?? [sessions];
    for (const manager of managers.toReversed()) sessionPlugin(manager)(server);
    return server.h3App.handler(event);
  };
  h3App.handler = Object.assign(handle, handler);
});
