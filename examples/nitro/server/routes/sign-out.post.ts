import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  await (await sessions.open(event)).signOut();
  return redirect("/", 303);
});
