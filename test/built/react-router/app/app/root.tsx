import type { ReactNode } from "react";
import { isRouteErrorResponse, Outlet } from "react-router";
import type { Route } from "./+types/root";
import { MOUNTED } from "./suite.server";

export const middleware: Route.MiddlewareFunction[] = MOUNTED;

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  const told = isRouteErrorResponse(error) ? `${error.status} ${error.data}` : "thrown";
  return <p>{`The error page: ${told}`}</p>;
}
