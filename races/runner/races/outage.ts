import { setTimeout as pause } from "node:timers/promises";
import type { TestProxy } from "../../../test/support/servers/proxy.ts";
import { freePort } from "../../../test/support/servers/test-server.ts";
import type { Application } from "../application.ts";
import type { Outage, OutageAnswer } from "../findings.ts";
import { type Answer, readingOf, type Visitor } from "../visitor.ts";
import type { Effort } from "./effort.ts";

const RECOVERY_MS = 30_000;
const LOOK_MS = 250;

/** What is answered while the store answers nothing, though its connections stay. */
export function silence(
  application: Application,
  effort: Effort,
  hasData: boolean,
): Promise<Outage> {
  return outage(application, effort, hasData, {
    begin: (network) => network.hold(),
    end: (network) => network.pass(),
  });
}

/** What is answered while nobody listens where the store was. */
export async function death(
  application: Application,
  effort: Effort,
  hasData: boolean,
): Promise<Outage> {
  const nobody = await freePort();
  return outage(application, effort, hasData, {
    begin(network) {
      network.leadTo(nobody);
      network.cut("reset");
    },
    end: (network) => network.leadTo(application.storePort),
  });
}

interface Failure {
  begin(network: TestProxy): void;
  end(network: TestProxy): void;
}

async function outage(
  application: Application,
  { patienceMs }: Effort,
  hasData: boolean,
  failure: Failure,
): Promise<Outage> {
  const [reader, writer] = [application.visitor(), application.visitor()];
  await reader.post("/sign-in/ada");
  await writer.post("/sign-in/bea");
  for (const network of application.proxies) failure.begin(network);
  const [read, write] = await Promise.all([
    // Copies: what an answer does to a browser's cookies is told apart from what the server keeps.
    reader.copy().get("/read", patienceMs),
    hasData ? writer.copy().post("/set/meanwhile", patienceMs) : undefined,
  ]);
  for (const network of application.proxies) failure.end(network);
  const recovers = await isServed(application, reader);
  return {
    read: readAnswer(read),
    ...(write && { write: await writeAnswer(write, writer) }),
    survives: application.isRunning(),
    recovers,
  };
}

function readAnswer(answer: Answer): OutageAnswer {
  if (answer.status !== 200) return answer.status || "none";
  return readingOf(answer).user === undefined ? "as nobody" : 200;
}

async function writeAnswer({ status }: Answer, writer: Visitor): Promise<OutageAnswer> {
  if (status !== 200) return status || "none";
  return "meanwhile" in (await writer.read()).values ? 200 : "ok, not stored";
}

async function isServed(application: Application, visitor: Visitor): Promise<boolean> {
  const until = performance.now() + RECOVERY_MS;
  while (performance.now() < until && application.isRunning()) {
    const answer = await visitor.copy().get("/read", RECOVERY_MS);
    if (readingOf(answer).user !== undefined) return true;
    await pause(LOOK_MS);
  }
  return false;
}
