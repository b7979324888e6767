export default defineEventHandler(async (event) => {
  loseStore();
  const session = await sessions.open(event);
  return session.userId;
});
