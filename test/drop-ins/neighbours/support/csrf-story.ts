import { csrfSync } from "csrf-sync";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TestClient } from "../../../../src/testing/index.ts";
import { type Site, serveSite } from "./site.ts";
import type { OpenSubject, Subject } from "./subject.ts";

/** What holds for csrf-sync, which keeps its token in the session as csurf did. */
export function csrfStory(open: OpenSubject): void {
  describe("csrf-sync", () => {
    let subject: Subject;
    let site: Site;
    let browser: TestClient;
    beforeEach(async () => {
      subject = await open();
      site = await serveSite(() => {
        const { csrfSynchronisedProtection } = csrfSync();
        const app = express().use(subject.session());
        app.use(csrfSynchronisedProtection);
        app.get("/token", (request, response) => void response.send(request.csrfToken?.()));
        app.post("/transfer", (_request, response) => void response.send("ok"));
        app.post("/regenerate", (request, response, next) => {
          request.session.regenerate((error) => (error ? next(error) : response.send("ok")));
        });
        return app;
      });
      browser = site.browser();
    });
    afterEach(async () => {
      await site.close();
      await subject.close();
    });

    const token = async (): Promise<string> => (await browser.get("/token")).text();
    const post = async (path: string, csrf: string): Promise<number> =>
      (await browser.post(path, { headers: { "x-csrf-token": csrf } })).status;

    it("lets in who brings the session's own token, and nobody else", async () => {
      const own = await token();
      expect(own).not.toBe("");
      expect(await post("/transfer", own)).toBe(200);
      expect(
        await post(
          "/transfer",
          own.replace(/./, (first) => (first === "0" ? "1" : "0")),
        ),
      ).toBe(403);
      const other = site.browser();
      const theirs = await (await other.get("/token")).text();
      expect(await post("/transfer", theirs)).toBe(403);
    });

    it("has another token once the session was regenerated", async () => {
      const before = await token();
      expect(await post("/regenerate", before)).toBe(200);
      expect(await post("/transfer", before)).toBe(403);
      expect(await post("/transfer", await token())).toBe(200);
    });
  });
}
