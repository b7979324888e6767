import { openSession } from "../../../lib/ways";

export const dynamic = "force-dynamic";

/** Behind a custom server a component can do whatever a session can. */
export default async function Page() {
  const session = await openSession();
  await session.update("visits", (n) => n + 1);
  return <p>{`visits=${session.get("visits")}`}</p>;
}
