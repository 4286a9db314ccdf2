/** Whether files are dragged, and not text. */
export function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

let claims = 0;

/** Says that the page on screen takes dropped files for itself, until the answer is called. */
export function claimFiles(): () => void {
  claims += 1;
  return () => {
    claims -= 1;
  };
}

/** Whether a page takes dropped files for itself. */
export function filesAreClaimed(): boolean {
  return claims > 0;
}

/** For the whole window: a dropped file must not replace the page by its content. */
export function refuseFiles(event: DragEvent): void {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (event.type === "dragover" && event.dataTransfer) event.dataTransfer.dropEffect = "none";
}
