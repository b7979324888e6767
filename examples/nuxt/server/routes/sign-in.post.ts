export default defineEventHandler(async (event) => {
  const { user } = await readBody<{ user?: string }>(event);
  // Check the password here.
  if (user) await (await sessions.open(event)).signIn(user);
  return sendRedirect(event, "/", 303);
});
