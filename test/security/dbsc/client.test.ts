import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Profile } from "./support/chromium.ts";
import { ScriptShop } from "./support/script-shop.ts";
import { newCertificate, Site } from "./support/site.ts";

const FIREFOX = "/usr/bin/firefox-esr";

const EXPECTED = {
  transfers: Array.from({ length: 5 }, () => "ada pays to=bob"),
  withoutProof: 401,
  afterReload: "ada pays to=bob",
  keys: [{ extractable: false, type: "private" }],
  exported: "InvalidAccessError",
};

describe("a page's key", () => {
  it("proves what it is asked for in Chromium, though its clock is an hour off", async () => {
    const certificate = newCertificate();
    const shop = new ScriptShop();
    const site = await Site.start(certificate, shop.listen);
    const profile = await Profile.open(certificate.spki);
    try {
      await profile.context.addInitScript(
        "const now = Date.now; Date.now = () => now() + 3_600_000;",
      );
      await profile.page.goto(site.url("/"));
      await profile.page.getByText("done").waitFor();
      expect(await shop.reported).toEqual(EXPECTED);
      const asked = site.of("/transfer").map((each) => each.status);
      // A proof for each, and none was sent twice for want of a nonce.
      expect(asked.filter((answered) => answered === 200)).toHaveLength(6);
    } finally {
      await profile.close();
      site.close();
    }
  });

  const isThere = existsSync(FIREFOX);
  if (!isThere) console.warn(`${FIREFOX} is not there: Firefox is not tried.`);

  it.skipIf(!isThere && process.env["CI"] !== "true")(
    "proves what it is asked for in Firefox, and a copied cookie nothing",
    async () => {
      const shop = new ScriptShop();
      const server = createServer(shop.listen);
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      const { port } = server.address() as AddressInfo;
      const folder = mkdtempSync(join(tmpdir(), "sojourn-firefox-"));
      writeFileSync(join(folder, "user.js"), FIREFOX_SETTINGS);
      const url = `http://localhost:${port}/`;
      const firefox = execFile(FIREFOX, ["--headless", "--no-remote", "--profile", folder, url]);
      try {
        expect(await shop.reported).toEqual(EXPECTED);
        const copied = await fetch(`${url}transfer`, {
          method: "POST",
          headers: { cookie: shop.cookies },
        });
        expect(copied.status).toBe(401);
      } finally {
        firefox.kill();
        await new Promise((ended) => firefox.on("close", ended));
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

/** Nothing asked, shown or fetched at its first start. */
const FIREFOX_SETTINGS = [
  'user_pref("datareporting.policy.dataSubmissionEnabled", false);',
  'user_pref("browser.aboutwelcome.enabled", false);',
  'user_pref("browser.shell.checkDefaultBrowser", false);',
  'user_pref("app.update.enabled", false);',
  'user_pref("network.captive-portal-service.enabled", false);',
  'user_pref("network.connectivity-service.enabled", false);',
  "",
].join("\n");
