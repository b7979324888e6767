/** What is kept, asked for by a request of the application's own. */
export default defineEventHandler((event) => {
  const { what } = getQuery(event);
  return event.$fetch(`/api/kept/${what}`).catch(() => "refused");
});
