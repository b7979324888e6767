import { notFound, redirect } from "next/navigation";
import { NextResponse } from "next/server";
import { broken, openSession, sessions, withSession } from "../../../lib/ways";

export const GET = withSession(async (request: Request) => {
  const session = await openSession();
  const what = new URL(request.url).searchParams.get("what");
  if (what === "who") return NextResponse.json({ user: session.userId ?? null });
  if (what === "same") return Response.json((await sessions.open(request)) === session);
  await session.signIn("ada");
  if (what === "redirect") redirect("/ways");
  if (what === "not-found") notFound();
  throw new Error("A slip of the handler");
});

export const POST = broken.withSession(async () => {
  await broken.openSession();
  return new Response("opened");
});

export const PUT = withSession(async () => {
  await openSession();
  return new Response("opened");
});
