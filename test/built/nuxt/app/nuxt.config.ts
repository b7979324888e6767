export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  telemetry: false,
  routeRules: {
    "/kept/**": { swr: 60 },
    "/cached/**": { cache: { maxAge: 60, swr: false } },
    "/isr/**": { isr: 60 },
    "/ahead": { prerender: true },
  },
});
