import { openSession } from "../../lib/ways";

/** What a server component sees. */
export async function View() {
  const session = await openSession();
  const { userId = "nobody" } = session;
  return <p>{`name=${session.get("name")} visits=${session.get("visits")} user=${userId}`}</p>;
}
