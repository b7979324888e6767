export default defineEventHandler(async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  return { visits, user: session.userId };
});
