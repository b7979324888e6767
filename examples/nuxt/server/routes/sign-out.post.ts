export default defineEventHandler(async (event) => {
  await (await sessions.open(event)).signOut();
  return sendRedirect(event, "/", 303);
});
