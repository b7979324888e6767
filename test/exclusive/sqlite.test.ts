import { describeRefresh } from "./suite.ts";

describeRefresh("sqlite");
