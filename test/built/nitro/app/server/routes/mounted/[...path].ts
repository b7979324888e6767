import { H3, withBase } from "nitro/h3";
import { answer } from "../../../suite.ts";

const inner = new H3().all("/**", (event) => answer(event));

export default withBase("/mounted", inner.handler);
