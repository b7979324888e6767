import { connection } from "next/server";
import { Suspense } from "react";
import { openSession } from "../../../lib/ways";
import { View } from "../view";

async function Late() {
  await connection();
  // The first bytes are out by then.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const session = await openSession();
  const heard = await session.signIn("eve").then(
    () => "signed in",
    (error: { code?: string }) => error.code,
  );
  if (!session.isNew) await session.update("visits", (n) => n + 1);
  return (
    <>
      <p>{`heard=${heard}`}</p>
      <View />
    </>
  );
}

export default function Page() {
  return (
    <Suspense fallback={<p>Waiting</p>}>
      <Late />
    </Suspense>
  );
}
