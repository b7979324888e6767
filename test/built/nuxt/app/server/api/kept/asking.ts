/** Asks the application itself, for nobody. */
export default defineCachedEventHandler(
  async () => ({ visits: await $fetch("/api/visit").catch(() => "none") }),
  { maxAge: 60 },
);
