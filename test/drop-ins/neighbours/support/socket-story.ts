import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { Server } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { passportApplication } from "./passport-story.ts";
import { cookieOf, type Site, serveSite } from "./site.ts";
import type { OpenSubject, Subject } from "./subject.ts";

/** What a session looks like from a connection. */
interface Session {
  passport?: { readonly user: string };
  cart?: string;
  count?: number;
  reload(callback: (error: unknown) => void): void;
  save(callback: (error: unknown) => void): void;
}
type Asked = IncomingMessage & { readonly session: Session };

/** What holds for socket.io, whose engine runs the middleware at each handshake. */
export function socketStory(open: OpenSubject): void {
  describe("socket.io's engine", () => {
    let subject: Subject;
    let site: Site;
    let io: Server;
    let clients: ClientSocket[];
    beforeEach(async () => {
      subject = await open();
      const session = subject.session();
      site = await serveSite(() => passportApplication(session));
      io = listen(site, session);
      clients = [];
    });
    afterEach(async () => {
      for (const client of clients) client.close();
      await io.close();
      await subject.close();
    });

    async function connected(cookie: string | undefined, transport: string): Promise<ClientSocket> {
      const extraHeaders = cookie === undefined ? {} : { cookie: `connect.sid=${cookie}` };
      const options = { transports: [transport], extraHeaders, forceNew: true };
      const client = connect(site.origin, options);
      clients.push(client);
      await once(client as never, "connect");
      return client;
    }

    it.each(["websocket", "polling"])("knows passport's user on a connection by %s", async (by) => {
      const browser = site.browser();
      await browser.post("/sign-in", { form: { username: "ada", password: "right" } });
      const client = await connected(cookieOf(browser), by);
      expect(await client.emitWithAck("who")).toBe("ada");
      const stranger = await connected(undefined, by);
      expect(await stranger.emitWithAck("who")).toBe("nobody");
    });

    it("sees by reload what a page has kept since, and a page sees what it saves", async () => {
      const browser = site.browser();
      await browser.post("/sign-in", { form: { username: "ada", password: "right" } });
      const client = await connected(cookieOf(browser), "websocket");
      await browser.post("/cart/tea");
      expect(await client.emitWithAck("cart")).toBe("tea");
      expect(await client.emitWithAck("count")).toBe(1);
      expect(await client.emitWithAck("count")).toBe(2);
      expect(await (await browser.get("/session")).json()).toMatchObject({ cart: "tea", count: 2 });
    });

    it("hears at its next reload that the session has ended", async () => {
      const browser = site.browser();
      await browser.post("/sign-in", { form: { username: "ada", password: "right" } });
      const client = await connected(cookieOf(browser), "websocket");
      await browser.post("/sign-out");
      expect(await client.emitWithAck("cart")).toBe("gone");
    });
  });
}

function listen(site: Site, session: RequestHandler): Server {
  const io = new Server(site.server);
  // The engine takes any middleware of Express's kind; its types know Node's request alone.
  io.engine.use(session as never);
  io.on("connection", (socket) => {
    const { session: own } = socket.request as Asked;
    socket.on("who", (answer) => answer(own.passport?.user ?? "nobody"));
    socket.on("cart", (answer) => {
      own.reload((error) => answer(error ? "gone" : (socket.request as Asked).session.cart));
    });
    socket.on("count", (answer) => {
      own.reload(() => {
        const { session: newest } = socket.request as Asked;
        newest.count = (newest.count ?? 0) + 1;
        newest.save(() => answer(newest.count));
      });
    });
  });
  return io;
}
