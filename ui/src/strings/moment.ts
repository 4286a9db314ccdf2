/** Weighing against a moment instead of now. */
export const moment = {
  choose: "Against a moment…",
  another: "Another moment",
  backToNow: "Back to now",
  asOf: (environment: string, moment: string) => `Against ${environment} as of ${moment}`,
  caution: (environment: string) =>
    `Nothing is sent to the past: what is published changes ${environment} as it is now.`,
};
