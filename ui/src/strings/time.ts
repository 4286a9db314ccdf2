/** Moments are seconds since the Unix epoch, as the host tells them. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Three letters each, so that a column of days lines up. */
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Seconds since the Unix epoch. */
export function nowSeconds(): number {
  return Date.now() / 1000;
}

function clock(date: Date): string {
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function daysBefore(date: Date, today: Date): number {
  const start = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  return Math.round((start(today) - start(date)) / (DAY * 1000));
}

/** `09:41` today, `Yesterday`, then `18 Nov`, with the year when it is another one. */
export function day(at: number, now: number): string {
  const date = new Date(at * 1000);
  const today = new Date(now * 1000);
  const days = daysBefore(date, today);
  if (days <= 0) return clock(date);
  if (days === 1) return "Yesterday";
  return dateOf(date, today);
}

/** `14:36`: the time of day of a moment. */
export function clockTime(at: number): string {
  return clock(new Date(at * 1000));
}

function dateOf(date: Date, today: Date): string {
  const inYear = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return date.getFullYear() === today.getFullYear() ? inYear : `${inYear} ${date.getFullYear()}`;
}

/** `12 Nov 09:41`, with the year when it is another one. */
export function dateAndTime(at: number, now: number): string {
  const date = new Date(at * 1000);
  return `${dateOf(date, new Date(now * 1000))} ${clock(date)}`;
}

/** `12 Nov 09:41`, and today the time alone. */
export function whenWords(at: number, now: number): string {
  const date = new Date(at * 1000);
  return daysBefore(date, new Date(now * 1000)) <= 0 ? clock(date) : dateAndTime(at, now);
}

/** `Today, 20 November`, `Yesterday`, then `Tuesday, 18 November`, with the year when it is another one. */
export function dayHeading(at: number, now: number): string {
  const date = new Date(at * 1000);
  const today = new Date(now * 1000);
  const days = daysBefore(date, today);
  if (days === 1) return "Yesterday";
  const year = date.getFullYear() === today.getFullYear() ? undefined : ("numeric" as const);
  const named = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year });
  if (days <= 0) return `Today, ${named}`;
  return `${date.toLocaleDateString("en-GB", { weekday: "long" })}, ${named}`;
}

/** `8 s`, `4 min`, `3 h`, `2 d`: an age where room is scarce. */
export function shortAge(at: number, now: number): string {
  const age = Math.max(0, Math.floor(now - at));
  if (age < MINUTE) return `${age} s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h`;
  return `${Math.floor(age / DAY)} d`;
}

/** `12 s ago`, `4 min ago`, then the time of day or the day. */
export function ago(at: number, now: number): string {
  const age = now - at;
  return age < HOUR ? `${shortAge(at, now)} ago` : day(at, now);
}

/** `4 min`, then the time of day or the day: for a column of moments. */
export function moment(at: number, now: number): string {
  const age = now - at;
  return age < HOUR ? shortAge(at, now) : day(at, now);
}

/** `18 s`, `4 min`: how long until a moment. */
export function until(at: number, now: number): string {
  return shortAge(now, Math.max(now, at));
}

/** `18 s`, `4 min`: how long something takes. */
export function span(seconds: number): string {
  return shortAge(0, seconds);
}

/** `14:36:08`: the time of day where seconds matter. */
export function timeOfDay(at: number): string {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}

/** Text whose moments stand between braces, in seconds, with the times of day in their place. */
export function withTimes(text: string): string {
  return text.replace(/\{(\d+)\}/g, (_, at: string) => clock(new Date(Number(at) * 1000)));
}

/** The whole moment, for tooltips. */
export function fullTime(at: number): string {
  return new Date(at * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}
