import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { COMMITS, type Commit, compare, pages, QUICK_COMMITS, sojourn } from "./beside/compare.ts";
import {
  type Call,
  EXPRESS_ROUTES,
  type ExpressCall,
  ROUTES,
  type Route,
} from "./beside/routes.ts";
import { COMPANIES, type Company, FRAMEWORKS, type Framework, stand } from "./beside/servers.ts";

let folder = "";
let remove = async (): Promise<void> => undefined;

beforeAll(async () => {
  vi.spyOn(console, "error").mockReturnValue();
  ({ folder, remove } = await pages());
});

afterAll(() => remove());

function routesOf(
  framework: Framework,
  company: Company,
): readonly (readonly [string, Route<Call | ExpressCall>])[] {
  const table = framework === "node:http" ? ROUTES : { ...ROUTES, ...EXPRESS_ROUTES };
  const routes = Object.entries(table) as [string, Route<Call | ExpressCall>][];
  // Compression begins the response before it refuses, and on-headers loses some headers of writeHead.
  const isPatched = company !== "alone" && company !== "with compression after";
  return routes.filter(([, { isRefused }]) => !(isPatched && isRefused));
}

async function differences(
  framework: Framework,
  company: Company,
  commit: Commit,
): Promise<string[]> {
  const routes = routesOf(framework, company);
  const table = routes.map(([, route]) => route);
  const stands = [
    await stand(framework, company, table, folder),
    await stand(framework, company, table, folder, sojourn(commit)),
  ] as const;
  return compare(stands, routes, commit);
}

describe.each(FRAMEWORKS)("a response of %s", (framework) => {
  const companies = framework === "node:http" ? COMPANIES.slice(0, 2) : COMPANIES;
  describe.each(companies)("%s", (company) => {
    const commits = company === "alone" ? [...COMMITS, ...QUICK_COMMITS] : COMMITS;
    it.each(commits)(
      "is as without sessions, with %s",
      async (commit) => {
        expect(await differences(framework, company, commit)).toEqual([]);
      },
      120_000,
    );
  });
});
