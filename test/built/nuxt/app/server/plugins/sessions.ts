import { type NuxtEvent, type NuxtServer, sessionPlugin } from "sojourn/nuxt";

type Own = typeof sessions;

/** For requests of the suite its managers, and the example's own for all others. */
export default defineNitroPlugin(({ h3App }) => {
  const { handler, options } = h3App;
  const handle = (event: NuxtEvent): unknown => {
    const server = { h3App: { handler, options } } as NuxtServer;
    const managers = suiteOf(event)?.managers ?? [sessions];
    const accessor = event.node.req.url?.includes("shown");
    for (const manager of managers.toReversed()) {
      sessionPlugin(manager as object as Own, { accessor })(server);
    }
    return server.h3App.handler(event);
  };
  h3App.handler = Object.assign(handle, handler);
});
