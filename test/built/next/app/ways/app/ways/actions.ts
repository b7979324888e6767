"use server";

import { cookies } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { broken, openSession, withSession } from "../../lib/ways";

export const act = withSession(async (form: FormData) => {
  const session = await openSession();
  const name = String(form.get("name"));
  session.set("name", name);
  // The application's own, beside ours.
  if (name === "themed") (await cookies()).set("theme", "dark");
  const what = String(form.get("what"));
  if (what !== "set") await session.signIn(name);
  if (what === "redirect") redirect("/ways");
  if (what === "not-found") notFound();
  if (what === "throw") throw new Error("A slip of the action");
});

/** Not wrapped: what needs no cookie can be done all the same. */
export async function bare(form: FormData): Promise<void> {
  const session = await openSession();
  if (form.get("what") === "sign-in") await session.signIn("ada");
  await session.update("visits", (n) => n + 1);
}

/** What it sets cannot be stored. */
export const fail = broken.withSession(async () => {
  const session = await broken.openSession();
  session.set("seen", true);
});

const count = withSession(async () => {
  await (await openSession()).update("visits", (n) => n + 1);
});

/** One that is wrapped calls another. */
export const nested = withSession(async () => {
  const session = await openSession();
  session.set("name", "outer");
  await count();
});
