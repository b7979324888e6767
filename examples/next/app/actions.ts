"use server";

import { redirect } from "next/navigation";
import { openSession, withSession } from "../lib/sessions";

export const count = withSession(async () => {
  const session = await openSession();
  await session.update("visits", (n) => n + 1);
  redirect("/");
});

export const signIn = withSession(async (form: FormData) => {
  const session = await openSession();
  // In your project: after you have checked the password.
  await session.signIn(String(form.get("user")));
  redirect("/");
});

export const signOut = withSession(async () => {
  const session = await openSession();
  await session.signOut();
  redirect("/");
});
