import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { COMMITS, compare, pages, QUICK_COMMITS, sojourn } from "./beside/compare.ts";
import { FASTIFY_NEIGHBOURS, fastifyRoutes, fastifyStand } from "./beside/fastify-stand.ts";
import { KOA_NEIGHBOURS, koaRoutes, koaStand } from "./beside/koa-stand.ts";
import { PLACES } from "./beside/neighbours.ts";

let folder = "";
let remove = async (): Promise<void> => undefined;

beforeAll(async () => {
  vi.spyOn(console, "error").mockReturnValue();
  ({ folder, remove } = await pages());
});

afterAll(() => remove());

const FRAMEWORKS = [
  ["Koa", KOA_NEIGHBOURS, koaRoutes, koaStand],
  ["Fastify", FASTIFY_NEIGHBOURS, fastifyRoutes, fastifyStand],
] as const;

describe.each(FRAMEWORKS)("a response of %s", (_, neighbours, routesOf, stand) => {
  describe.each(neighbours)("with the neighbours: %s", (company) => {
    const isAlone = company === "none";
    const places = isAlone ? PLACES.slice(0, 1) : PLACES;
    const commits = isAlone ? [...COMMITS, ...QUICK_COMMITS] : COMMITS;
    describe.each(places)("mounted %s its sessions", (place) => {
      it.each(commits)(
        "is as without sessions, with %s",
        async (commit) => {
          const stands = [
            await stand(company, place, folder),
            await stand(company, place, folder, sojourn(commit)),
          ] as const;
          expect(await compare(stands, routesOf(company), commit)).toEqual([]);
        },
        120_000,
      );
    });
  });
});
