export default defineEventHandler(async (event) => {
  await (await sessions.open(event)).signIn("ada");
  throw createError({ statusCode: 422, message: "Refused" });
});
