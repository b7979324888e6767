export default defineEventHandler(async (event) => {
  const session = await sessions.open(event);
  session.set("visits", 7);
  loseStore();
  return "stored";
});
