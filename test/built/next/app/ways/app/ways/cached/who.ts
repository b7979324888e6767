"use cache";

import { openSession } from "../../../lib/ways";

export async function whoByDirective(): Promise<string> {
  const { userId } = await openSession();
  return userId ?? "nobody";
}
