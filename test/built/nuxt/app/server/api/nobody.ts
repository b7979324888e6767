/** Asks itself, with the visitor's cookies and without. */
export default defineEventHandler(async (event) => {
  const without = await $fetch("/api/who");
  const withThem = await event.$fetch("/api/who");
  return [without.user, withThem.user];
});
