/** Asks the application itself, with the visitor's headers as Nitro hands them on. */
export default defineCachedEventHandler(
  async (event) => ({ visits: await event.$fetch("/api/visit").catch(() => "none") }),
  { maxAge: 60 },
);
