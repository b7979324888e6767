import express, { type RequestHandler } from "express";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TestClient } from "../../../../src/testing/index.ts";
import { cookieOf, type Site, serveSite, withCookie } from "./site.ts";
import type { OpenSubject, Subject } from "./subject.ts";

interface User {
  readonly id: string;
}

/** What the session of a visitor has. */
interface Kept {
  readonly cart?: unknown;
  readonly messages?: string[];
}

/** What an application of passport's has: sign-in, sign-out, and what the visitor keeps. */
export function passportApplication(session: RequestHandler): express.Express {
  const passport = new Passport();
  passport.use(
    new Strategy((username, password, done) => {
      if (password === "right") done(null, { id: username });
      else done(null, false, { message: "Wrong password." });
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as User).id));
  passport.deserializeUser((id: string, done) => done(null, { id }));
  const app = express();
  app.use(express.urlencoded({ extended: false }), session, passport.session());
  app.post("/sign-in", passport.authenticate("local", { failureMessage: true }), answerOk);
  app.post(
    "/sign-in-with-cart",
    passport.authenticate("local", { keepSessionInfo: true, successReturnToOrRedirect: "/" }),
  );
  app.post("/sign-out", (request, response, next) => {
    request.logout((error) => (error ? next(error) : response.send("ok")));
  });
  app.post("/sign-out-with-cart", (request, response, next) => {
    request.logout({ keepSessionInfo: true }, (error) =>
      error ? next(error) : response.send("ok"),
    );
  });
  app.post("/cart/:item", (request, response) => {
    Object.assign(request.session, { cart: request.params.item, returnTo: "/cart" });
    response.send("ok");
  });
  app.get("/", (request, response) => {
    const { cart, messages } = request.session as Kept;
    const user = (request.user as User | undefined)?.id;
    response.json({ user, cart, messages, isSignedIn: request.isAuthenticated() });
  });
  app.get("/cart", (_request, response) => response.send("the cart"));
  app.get("/session", (request, response) => response.json(request.session));
  return app;
}

const answerOk: RequestHandler = (_request, response) => {
  response.send("ok");
};

/** What holds for passport 0.7 on any session middleware of express-session's kind. */
export function passportStory(open: OpenSubject): void {
  describe("passport", () => {
    let subject: Subject;
    let site: Site;
    let browser: TestClient;
    beforeEach(async () => {
      subject = await open();
      site = await serveSite(() => passportApplication(subject.session()));
      browser = site.browser();
    });
    afterEach(async () => {
      await site.close();
      await subject.close();
    });

    const signIn = (path = "/sign-in", password = "right"): Promise<Response> =>
      browser.post(path, { form: { username: "ada", password } });
    const home = async (): Promise<unknown> => (await browser.get("/")).json();

    it("signs in under a new id, and knows the user from then on", async () => {
      await browser.post("/cart/tea");
      const before = cookieOf(browser);
      expect((await signIn()).status).toBe(200);
      expect(cookieOf(browser)).not.toBe(before);
      expect(await home()).toEqual({ user: "ada", isSignedIn: true });
      expect(await (await browser.get("/session")).json()).toMatchObject({
        passport: { user: "ada" },
      });
    });

    it("leaves nothing behind under the id from before the sign-in", async () => {
      await browser.post("/cart/tea");
      const before = cookieOf(browser);
      await signIn();
      expect(JSON.parse(await withCookie(site, before, "/"))).toEqual({ isSignedIn: false });
    });

    it("takes along what the visitor had where it is told to, and sends them back", async () => {
      await browser.post("/cart/tea");
      const before = cookieOf(browser);
      const response = await signIn("/sign-in-with-cart");
      expect(await response.text()).toBe("the cart");
      expect(cookieOf(browser)).not.toBe(before);
      expect(await home()).toEqual({ user: "ada", cart: "tea", isSignedIn: true });
    });

    it("signs out under a new id, and the old one is nobody's", async () => {
      await signIn();
      const before = cookieOf(browser);
      await browser.post("/sign-out");
      expect(cookieOf(browser)).not.toBe(before);
      expect(await home()).toEqual({ isSignedIn: false });
      expect(JSON.parse(await withCookie(site, before, "/"))).toEqual({ isSignedIn: false });
    });

    it("keeps what the visitor had at sign-out where it is told to", async () => {
      await signIn();
      await browser.post("/cart/tea");
      await browser.post("/sign-out-with-cart");
      expect(await home()).toEqual({ cart: "tea", isSignedIn: false });
    });

    it("refuses a wrong password, and keeps its message", async () => {
      expect((await signIn("/sign-in", "wrong")).status).toBe(401);
      expect(await home()).toEqual({ messages: ["Wrong password."], isSignedIn: false });
    });

    it("keeps apart who signs in at the same time", async () => {
      const names = ["ada", "bob", "cleo", "dan"];
      const users = await Promise.all(
        names.map(async (username) => {
          const own = site.browser();
          await own.post("/sign-in", { form: { username, password: "right" } });
          return ((await (await own.get("/")).json()) as { user: string }).user;
        }),
      );
      expect(users).toEqual(names);
    });
  });
}
