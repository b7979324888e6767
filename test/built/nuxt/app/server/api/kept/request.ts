/** Nitro hands on a copy of the request. */
export default defineCachedEventHandler(
  async (event) => ({ user: (await sessions.open(event.node.req)).userId ?? "nobody" }),
  { maxAge: 60 },
);
