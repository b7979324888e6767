import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";

/** What Chromium tells of its device-bound sessions. */
export interface DeviceEvent {
  readonly sessionId?: string;
  readonly succeeded: boolean;
  readonly creationEventDetails?: { readonly fetchResult: string };
  readonly refreshEventDetails?: { readonly refreshResult: string; readonly fetchResult?: string };
  readonly challengeEventDetails?: { readonly challengeResult: string };
  readonly terminationEventDetails?: { readonly deletionReason: string };
}

/** Debian's Chromium with a profile of its own, and keys in software in place of a TPM. */
export class Profile {
  readonly folder: string;
  readonly events: DeviceEvent[] = [];
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #cdp: CDPSession;
  readonly #isOwn: boolean;

  private constructor(
    folder: string,
    context: BrowserContext,
    page: Page,
    cdp: CDPSession,
    isOwn: boolean,
  ) {
    this.folder = folder;
    this.context = context;
    this.page = page;
    this.#cdp = cdp;
    this.#isOwn = isOwn;
  }

  static async open(spki: string, given?: string): Promise<Profile> {
    const folder = given ?? mkdtempSync(join(tmpdir(), "sojourn-profile-"));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: "/usr/bin/chromium",
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        `--ignore-certificate-errors-spki-list=${spki}`,
        "--host-resolver-rules=MAP *.test 127.0.0.1",
        "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
      ],
    });
    const [page = await context.newPage()] = context.pages();
    const cdp = await context.newCDPSession(page);
    const profile = new Profile(folder, context, page, cdp, given === undefined);
    await cdp.send("Network.enable");
    cdp.on("Network.deviceBoundSessionEventOccurred" as never, (event: DeviceEvent) => {
      profile.events.push(event);
    });
    await cdp.send("Network.enableDeviceBoundSessions" as never, { enable: true } as never);
    return profile;
  }

  /** Lets the browser forget a cookie, as if its time were over. */
  async forget(name: string, url: string): Promise<void> {
    await this.#cdp.send("Network.deleteCookies", { name, url });
  }

  async close(): Promise<void> {
    await this.context.close();
    if (this.#isOwn) rmSync(this.folder, { recursive: true, force: true });
  }
}
