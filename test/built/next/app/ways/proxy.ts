import { NextResponse } from "next/server";
import { openSession, withSession } from "./lib/ways";

export const proxy = withSession(async () => {
  const session = await openSession();
  await session.update("visits", (n) => n + 1);
  return NextResponse.next();
});

export const config = { matcher: "/ways/proxied" };
