import { createMiddleware } from "@solidjs/start/middleware";
import { mounting } from "../mounting";

export default createMiddleware([mounting]);
