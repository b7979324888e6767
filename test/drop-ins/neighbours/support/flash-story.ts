import flash from "connect-flash";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Site, serveSite } from "./site.ts";
import type { OpenSubject, Subject } from "./subject.ts";

/** What holds for connect-flash on any session middleware of express-session's kind. */
export function flashStory(open: OpenSubject): void {
  describe("connect-flash", () => {
    let subject: Subject;
    let site: Site;
    beforeEach(async () => {
      subject = await open();
      site = await serveSite(() => {
        const app = express().use(subject.session(), flash());
        app.post("/say", (request, response) => {
          request.flash("info", "Saved by %s.", "Ada");
          request.flash("error", ["Too short.", "Too old."]);
          response.redirect(303, "/");
        });
        app.get("/", (request, response) => void response.json(request.flash()));
        app.get("/errors", (request, response) => void response.json(request.flash("error")));
        return app;
      });
    });
    afterEach(async () => {
      await site.close();
      await subject.close();
    });

    it("shows a message on the page that follows a redirect, and once", async () => {
      const browser = site.browser();
      const all = { info: ["Saved by Ada."], error: ["Too short.", "Too old."] };
      expect(await (await browser.post("/say")).json()).toEqual(all);
      expect(await (await browser.get("/")).json()).toEqual({});
    });

    it("keeps messages of one kind until they are asked for", async () => {
      const browser = site.browser();
      await browser.post("/say", { redirect: "manual" });
      expect(await (await browser.get("/errors")).json()).toEqual(["Too short.", "Too old."]);
      expect(await (await browser.get("/")).json()).toEqual({ info: ["Saved by Ada."] });
    });
  });
}
