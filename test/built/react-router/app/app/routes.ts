import { index, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  index("routes/suite.ts", { id: "first" }),
  route("page/:name", "routes/page.tsx"),
  route("mounted", "routes/mounted.tsx", [route("*", "routes/suite.ts", { id: "mounted/suite" })]),
  route("*", "routes/suite.ts"),
] satisfies RouteConfig;
