import { openSession, withSession } from "../../../../lib/ways";

export const dynamic = "force-static";

export function generateStaticParams(): never[] {
  return [];
}

/** Made for whoever asks first, and kept for everybody. */
export const GET = withSession(async () => {
  const user = await openSession().then(
    (session) => session.userId ?? "nobody",
    (error: Error) => `refused: ${error.message}`,
  );
  return Response.json({ user });
});
