const grouped = new Intl.NumberFormat("en-GB");

/** `2,400`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** `1 flag`, `128 flags`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
