import { shared } from "./shared";

/** Every word on screen. One folder, so that nothing is worded twice. */
export const text = { shared };
