/** What the environments of the fake shops were, moment by moment. */
import type { AuthorView } from "../../bindings";
import type { FakeFlag, FakeConnection, FakeEnvironment } from "../world";

/** Leads a flag back to what it was before a moment. */
export interface Back {
  flag: string;
  /** What its state was. */
  enabled?: boolean;
  /** The other of on and off. */
  flip?: boolean;
  /** What its value was, as typed. */
  value?: string;
  /** What the share of its first option was, in percent. */
  weight?: number;
  /** Whose override it did not have. */
  without?: string;
  /** It was not there. */
  missing?: boolean;
  /** It was there, and is not any more. */
  was?: FakeFlag;
}

/** A moment as the fake mirror keeps it. */
export interface FakeMoment {
  id: string;
  environment: string;
  at: number;
  title: string;
  by: string | null;
  name: string | null;
  pinned: boolean;
  added: number;
  changed: number;
  removed: number;
  parts: string[];
  authors: AuthorView[];
  gap: string | null;
  back: Back[];
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PEOPLE = ["Maya Lindqvist", "Priya Nair", "Jonas Weber", "Tom Okafor"];
/** Moments that are made up besides those of the drawing. */
const OLDER = 190;

type Seed = Partial<FakeMoment> & { environment: string; ago: number };

/** The moments of a connection, the newest in front. */
export function momentsOf(connection: FakeConnection, now: number): FakeMoment[] {
  const seeds = connection.service === "flagsmith" ? [...drawn(connection), ...older(connection)] : few();
  const known = new Set(connection.environments.map(({ key }) => key));
  const moments = seeds
    .filter(({ environment }) => known.has(environment))
    .map((seed) => momentOf(seed, now))
    .sort((one, other) => other.at - one.at);
  const first = connection.environments.map((environment) => firstOf(environment, moments, now));
  return [...moments, ...first].map((moment, at) => ({ ...moment, id: `${connection.id}-moment-${at + 1}` }));
}

function momentOf({ ago, ...seed }: Seed, now: number): FakeMoment {
  const back = seed.back ?? [];
  const names = back.map(({ flag }) => flag);
  const added = back.filter(({ missing }) => missing).length;
  const removed = back.filter(({ was }) => was).length;
  const by = seed.by ?? null;
  const title = names.length === 1 ? (names[0] ?? "") : `${names.length} flags`;
  const word = ({ missing, was }: Back) => (missing ? "added" : was ? "removed" : "changed");
  return {
    id: "",
    title,
    by,
    name: null,
    pinned: false,
    added,
    changed: names.length - added - removed,
    removed,
    parts: back.map((each) => `${each.flag} ${word(each)}`),
    authors:
      by === null || by.includes("people")
        ? []
        : names.map((flag) => ({
            name: by,
            at: now - ago - 4,
            what: `Flag state / Remote config value updated for feature: ${flag}`,
          })),
    gap: null,
    back,
    ...seed,
    at: now - ago,
  };
}

function firstOf(environment: FakeEnvironment, moments: FakeMoment[], now: number): FakeMoment {
  const before = Math.min(now - DAY, ...moments.map(({ at }) => at));
  return {
    ...momentOf({ environment: environment.key, ago: 0, title: "First snapshot" }, before - HOUR),
    added: environment.flags.size,
  };
}

/** Those of the drawing. */
function drawn(connection: FakeConnection): Seed[] {
  const [maya, priya, jonas, tom] = PEOPLE;
  const production = "production";
  const staging = "staging";
  const gone = goneFlag(connection);
  return [
    { environment: production, ago: 2 * MINUTE, by: maya, back: [{ flag: "new_checkout", weight: 20 }] },
    {
      environment: production,
      ago: 12 * MINUTE,
      by: maya,
      back: [{ flag: "free_shipping_threshold", value: "59" }],
    },
    {
      environment: staging,
      ago: 38 * MINUTE,
      by: "2 people",
      back: [
        { flag: "reviews_ai_summary", enabled: false },
        { flag: "homepage_hero", value: '{"slot":"autumn","cta":"Shop coats"}' },
        { flag: "voice_search", missing: true },
        { flag: "search_by_image", missing: true },
        ...(gone === null ? [] : [{ flag: gone.seed.key, was: gone }]),
      ],
    },
    {
      environment: production,
      ago: 204 * MINUTE,
      by: tom,
      name: "Before search rollout",
      pinned: true,
      back: [
        { flag: "search_ranking_v2", weight: 0 },
        { flag: "typo_tolerance", value: "1" },
        { flag: "autocomplete_v3", flip: true },
      ],
    },
    {
      environment: staging,
      ago: 295 * MINUTE,
      by: priya,
      back: [{ flag: "delivery_slot_picker", flip: true }],
    },
    {
      environment: "eu-production",
      ago: 7 * HOUR,
      back: [{ flag: "klarna_pay_later", flip: true }],
      gap: "Halyard did not look for 9 h before this: the change fell into that time.",
    },
    {
      environment: production,
      ago: 21 * HOUR,
      by: tom,
      back: [{ flag: "product_recs_model", value: "hybrid-2025-06" }],
    },
    {
      environment: production,
      ago: 22 * HOUR + 15 * MINUTE,
      by: maya,
      back: [
        { flag: "stock_low_badge", value: "3" },
        { flag: "store_pickup", without: "Paris" },
      ],
    },
    {
      environment: staging,
      ago: 28 * HOUR,
      by: jonas,
      name: "Release 2026.47",
      pinned: true,
      back: [
        { flag: "saturday_delivery", missing: true },
        { flag: "split_shipments", missing: true },
        { flag: "tier_progress_bar", flip: true },
        { flag: "welcome_gift", flip: true },
        { flag: "usp_bar", flip: true },
        { flag: "referral_bonus", value: "5" },
      ],
    },
    {
      environment: production,
      ago: 3 * DAY - 2 * HOUR,
      by: jonas,
      title: "3 flags, 1 segment",
      back: [
        { flag: "gift_wrapping", flip: true },
        { flag: "points_on_reviews", missing: true },
        { flag: "image_cdn_host", value: "img-1" },
      ],
      gap: "Halyard did not look for 2 h 40 min before this: these changes fell into that time.",
    },
    {
      environment: production,
      ago: 3 * DAY + 5 * HOUR,
      by: priya,
      back: [{ flag: "delivery_slot_picker", flip: true }],
    },
  ];
}

/** A flag that was removed since. */
function goneFlag(connection: FakeConnection): FakeFlag | null {
  const like = connection.environments[1]?.flags.get("apple_pay");
  if (!like) return null;
  const seed = { ...like.seed, key: "legacy_pdp_redirect", tags: ["catalogue"], owner: "Catalogue" };
  return { ...structuredClone(like), seed, enabled: true };
}

/** Moments behind those, one every few hours. */
function older(connection: FakeConnection): Seed[] {
  const flags = [...(connection.environments[0]?.flags.values() ?? [])].filter(
    ({ seed }) => seed.kind !== "multivariate",
  );
  if (flags.length === 0) return [];
  return Array.from({ length: OLDER }, (_, at): Seed => {
    const several = at % 6 === 5 ? 3 : 1;
    return {
      environment: connection.environments[(at * 7) % 4]?.key ?? "production",
      ago: 4 * DAY + at * (9 * HOUR + 11 * MINUTE) + ((at * 37) % 50) * MINUTE,
      by: at % 9 === 4 ? null : (PEOPLE[(at * 3) % PEOPLE.length] ?? null),
      back: Array.from({ length: several }, (_, step) => ({
        flag: flags[(at * 11 + step * 29) % flags.length]?.seed.key ?? "",
        flip: true,
      })),
      ...(at % 31 === 30 ? { pinned: true, name: `Release 2026.${44 - Math.floor(at / 31)}` } : {}),
      ...(at % 17 === 16
        ? { gap: "Halyard did not look for 6 h before this: the change fell into that time." }
        : {}),
    };
  });
}

/** The shop on EdgeFlags has few. */
function few(): Seed[] {
  return ["production", "staging", "production", "development"].map((environment, at) => ({
    environment,
    ago: (at + 1) * 7 * HOUR,
    by: null,
    back: [
      { flag: ["guest_checkout", "gift_wrapping", "stock_low_badge", "store_pickup"][at] ?? "", flip: true },
    ],
  }));
}
