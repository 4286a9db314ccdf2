/** What the pages of segments, identities and configs have in common. */
export const subjects = {
  more: "More",
  close: "Close details",
  delete: "Delete",
  deleting: "Deleting",
  type: (name: string) => `Type ${name} to confirm`,
  movedOn: "This changed after your edit began.",
  movedOnMeans: "Nothing of yours has been sent. What is new is held against what you typed.",
  fresh: "New, not sent",
  clear: "Clear the filter",
  noMatch: (query: string) => `Nothing matches “${query}”`,
};
