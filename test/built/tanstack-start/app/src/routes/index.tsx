import { createFileRoute } from "@tanstack/react-router";
import { answer } from "./$";

export const Route = createFileRoute("/")({
  server: { handlers: { ANY: ({ request }) => answer(request) } },
});
