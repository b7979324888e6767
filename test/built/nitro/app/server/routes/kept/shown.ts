import { defineCachedHandler } from "nitro/cache";

export default defineCachedHandler(
  ({ context }) => ({ user: (context["session"] as { userId?: string }).userId ?? "nobody" }),
  { maxAge: 60 },
);
