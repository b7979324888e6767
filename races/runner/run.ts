import { type Application, type Site, type Store, startApplication } from "./application.ts";
import type { Contestant } from "./contestant.ts";
import type { Findings, Result } from "./findings.ts";
import { Gate } from "./gate.ts";
import { checkDuty, holdsData } from "./races/duty.ts";
import type { Effort } from "./races/effort.ts";
import { fixation } from "./races/fixation.ts";
import { lostUpdate } from "./races/lost-update.ts";
import { death, silence } from "./races/outage.ts";
import { redirect } from "./races/redirect.ts";
import { revocation } from "./races/revocation.ts";
import { copyLives, resurrection } from "./races/sign-out.ts";

/** Runs all races of one contestant, whose store, if it needs one, is there. */
export async function runContestant(
  contestant: Contestant,
  store: Store | undefined,
  effort: Effort,
): Promise<Result> {
  const application = await startApplication(contestant, store);
  try {
    const { runtime, versions } = await about(application);
    const races = await runRaces(application, effort);
    const hasData = races.lostUpdate !== undefined;
    const outage = store && { outage: await runOutages(contestant, store, effort, hasData) };
    const { name, setting, place } = contestant;
    return {
      ...{ name, setting, place, runtime, versions },
      date: new Date().toISOString().slice(0, 10),
      findings: { ...races, ...outage },
    };
  } finally {
    await application.stop();
  }
}

/** Those that need nothing but the nine routes. */
export async function runRaces(site: Site, effort: Effort): Promise<Findings> {
  const hasData = await holdsData(site);
  await checkDuty(site, hasData);
  const gate = await Gate.start();
  try {
    const ended = await revocation(site);
    const lives = await copyLives(site);
    return {
      ...(hasData && { lostUpdate: await lostUpdate(site, gate, effort) }),
      resurrection: await resurrection(site, gate, effort, { lives, hasData }),
      copyLives: lives,
      fixation: await fixation(site, effort, hasData),
      ...(hasData && { redirect: await redirect(site, gate, effort) }),
      ...(ended && { revocation: ended }),
    };
  } finally {
    gate.close();
  }
}

/** Each in processes of their own, as the first one may end them. */
async function runOutages(
  contestant: Contestant,
  store: Store,
  effort: Effort,
  hasData: boolean,
): Promise<NonNullable<Findings["outage"]>> {
  const during = async (fail: typeof silence) => {
    const application = await startApplication(contestant, store);
    try {
      return await fail(application, effort, hasData);
    } finally {
      await application.stop();
    }
  };
  return { silent: await during(silence), dead: await during(death) };
}

async function about(application: Application): Promise<Pick<Result, "runtime" | "versions">> {
  return JSON.parse((await application.visitor().get("/about")).body);
}
