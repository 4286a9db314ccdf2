/** So many bytes of a file are handed over at a time. */
export const SLICE_BYTES = 1024 * 1024;

/** How far a file is handed over, in bytes. */
export interface Handover {
  name: string;
  done: number;
  total: number;
}

/** A part of a file in base64. Fails where the file cannot be read. */
export function base64(file: File, from: number, until: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = String(reader.result);
      resolve(url.slice(url.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error ?? new Error("no cause was given"));
    reader.readAsDataURL(file.slice(from, until));
  });
}
