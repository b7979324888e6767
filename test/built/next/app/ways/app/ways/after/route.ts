import { after } from "next/server";
import { openSession, withSession } from "../../../lib/ways";

/** Goes on when the response is out. */
export const GET = withSession(async () => {
  after(async () => {
    const session = await openSession();
    const heard = await session.update("visits", (n) => n + 1).catch((error: Error) => error.name);
    console.log(`after the response: ${heard}`);
  });
  return new Response("sent");
});
