export default defineEventHandler((event) => {
  const { session } = event.context as unknown as { readonly session: { userId?: string } };
  return { user: session.userId ?? "nobody" };
});
