import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  const user = (await event.req.formData()).get("user");
  // Check the password here.
  if (typeof user === "string" && user) await (await sessions.open(event)).signIn(user);
  return redirect("/", 303);
});
