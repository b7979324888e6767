import { describeRefresh } from "./suite.ts";

describeRefresh("mysql");
