import { index, type RouteConfig, route } from "@react-router/dev/routes";

// Without a route for the rest, no middleware runs where none matches.
export default [index("routes/home.tsx"), route("*", "routes/not-found.tsx")] satisfies RouteConfig;
