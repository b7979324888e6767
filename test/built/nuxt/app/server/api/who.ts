export default defineEventHandler(async (event) => {
  const { userId } = await sessions.open(event);
  return { user: userId ?? "nobody" };
});
