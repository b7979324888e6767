export { View as default } from "../../view";

export const revalidate = 3600;

/** None at the build: each is made when it is asked for first, and kept for everybody. */
export function generateStaticParams(): never[] {
  return [];
}
