/** Whether files are dragged, and not text. */
export function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/**
 * For the whole window: a dropped file must not replace the page by its content. Whoever takes files listens
 * besides and says so by the drop effect.
 */
export function refuseFiles(event: DragEvent): void {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (event.type === "dragover" && event.dataTransfer) event.dataTransfer.dropEffect = "none";
}
