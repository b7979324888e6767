import express, { type RequestHandler } from "express";
import untypedGrant from "grant";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLIENT, serveProvider } from "./provider.ts";
import { type Site, serveSite } from "./site.ts";
import type { OpenSubject, Subject } from "./subject.ts";

// Its types take it for an ES module.
const grant = untypedGrant as unknown as { express(config: object): RequestHandler };

/** What holds for grant, which keeps its flow, and with `transport` its outcome, in the session. */
export function grantStory(open: OpenSubject): void {
  describe("grant", () => {
    let subject: Subject;
    let site: Site;
    let provider: Site;
    beforeEach(async () => {
      subject = await open();
      site = await serveSite(async (origin) => {
        provider = await serveProvider(`${origin}/connect/here/callback`, origin);
        return application(subject, origin, provider.origin);
      });
    });
    afterEach(async () => {
      await Promise.all([site.close(), provider.close()]);
      await subject.close();
    });

    it("carries a sign-in through the session, from the redirect to its outcome", async () => {
      const outcome = await (await site.browser().get("/connect/here")).json();
      expect(outcome).toMatchObject({
        provider: "here",
        response: { access_token: expect.any(String), id_token: expect.any(String) },
      });
    });

    it("takes the provider's answer in the browser that has asked, and in no other", async () => {
      const browser = site.browser();
      let answer = `${site.origin}/connect/here`;
      do {
        const response = await browser.get(answer, { redirect: "manual" });
        answer = new URL(response.headers.get("location") ?? "", answer).href;
      } while (!answer.startsWith(`${site.origin}/connect/here/callback`));
      const elsewhere = await site.browser().get(answer);
      expect(await elsewhere.text()).not.toContain("access_token");
      expect(await (await browser.get(answer)).text()).toContain("access_token");
    });
  });
}

function application(subject: Subject, origin: string, provider: string): express.Express {
  const app = express();
  app.use(subject.session());
  app.use(
    grant.express({
      defaults: { origin, transport: "session", state: true, nonce: true, pkce: true },
      here: {
        oauth: 2,
        authorize_url: `${provider}/auth`,
        access_url: `${provider}/token`,
        key: CLIENT.id,
        secret: CLIENT.secret,
        token_endpoint_auth_method: "client_secret_basic",
        scope: ["openid"],
        callback: "/outcome",
      },
    }),
  );
  app.get("/outcome", (request, response) => {
    response.json((request.session as { grant?: unknown }).grant ?? {});
  });
  return app;
}
