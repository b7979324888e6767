import { Outlet } from "react-router";

export default function Mounted() {
  return <Outlet />;
}
