/** What is kept for everybody has no visitor. */
export default defineCachedEventHandler(
  async (event) => (await sessions.open(event)).update("visits", (n) => n + 1),
  { maxAge: 60 },
);
