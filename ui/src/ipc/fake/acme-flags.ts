/**
 * The flags of the Acme Store: sample data for screens and tests. Every list of four goes by
 * environment: Development, Staging, Production, EU Production.
 */
import type { ValueKindView } from "../bindings";

/** One entry per environment. */
export type Four<T> = readonly [T, T, T, T];

/** A segment's own state of a flag. */
export interface OverrideSeed {
  segment: string;
  enabled: boolean;
  /** As a person types it; the flag's kind says what it is. */
  value: string;
  /** Shares in percent of the options after control; where they are not given, the value names one. */
  weights?: { label: string; weight: number }[];
}

/** A flag before it is spread over the environments. */
export interface FlagSeed {
  key: string;
  kind: ValueKindView | "multivariate";
  on: Four<boolean>;
  /** The values as typed; for a multivariate flag, the value of control. */
  values?: Four<string>;
  /** Shares in percent of the options after control. */
  options?: { label: string; weights: Four<number> }[];
  tags: string[];
  owner: string;
  description?: string;
  /** Seconds since its last change. */
  age: number;
  overrides?: OverrideSeed[];
  /** Values identities get for themselves. */
  identities?: Record<string, { enabled: boolean; value: string }>;
  /** Overridden identities besides those listed. */
  furtherIdentities?: number;
  serverOnly?: boolean;
  archived?: boolean;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const all: Four<boolean> = [true, true, true, true];
const beforeProduction: Four<boolean> = [true, true, false, false];

function same<T>(value: T): Four<T> {
  return [value, value, value, value];
}

/** The flags that screens and tests name. */
const named: FlagSeed[] = [
  {
    key: "new_checkout",
    kind: "multivariate",
    on: all,
    values: same("control"),
    options: [
      { label: "one_page", weights: [30, 30, 30, 40] },
      { label: "express", weights: [10, 10, 10, 10] },
    ],
    tags: ["checkout", "q4-launch"],
    owner: "Checkout team",
    description: "One-page checkout against the classic basket.",
    age: 2 * MINUTE,
    overrides: [
      { segment: "EU beta testers", enabled: true, value: "express" },
      { segment: "VIP customers", enabled: true, value: "one_page" },
      { segment: "Slow connections", enabled: false, value: "control" },
    ],
    furtherIdentities: 2,
  },
  {
    key: "free_shipping_threshold",
    kind: "number",
    on: all,
    values: ["39", "39", "49", "49"],
    tags: ["pricing"],
    owner: "Pricing",
    description: "Order value in euros from which shipping is free.",
    age: 12 * MINUTE,
    overrides: [
      { segment: "Germany", enabled: true, value: "39" },
      { segment: "VIP customers", enabled: true, value: "0" },
    ],
  },
  {
    key: "search_ranking_v2",
    kind: "multivariate",
    on: all,
    values: same("classic"),
    options: [{ label: "semantic", weights: [100, 25, 25, 25] }],
    tags: ["search"],
    owner: "Search",
    age: HOUR,
    overrides: [{ segment: "Search rollout 25%", enabled: true, value: "semantic" }],
    furtherIdentities: 4,
  },
  {
    key: "express_checkout_wallets",
    kind: "none",
    on: beforeProduction,
    tags: ["checkout"],
    owner: "Checkout team",
    description: "Wallet buttons above the basket.",
    age: 3 * HOUR,
    overrides: [{ segment: "VIP customers", enabled: true, value: "" }],
  },
  { key: "guest_checkout", kind: "none", on: all, tags: ["checkout"], owner: "Checkout team", age: 5 * HOUR },
  {
    key: "homepage_hero",
    kind: "json",
    on: all,
    values: [
      '{"slot":"winter","cta":"Shop boots"}',
      '{"slot":"winter","cta":"Shop boots"}',
      '{"slot":"autumn","cta":"Shop coats"}',
      '{"slot":"autumn","cta":"Shop coats"}',
    ],
    tags: ["content"],
    owner: "Content",
    age: 6 * HOUR,
    overrides: [
      { segment: "VIP customers", enabled: true, value: '{"slot":"vip","cta":"Early access"}' },
      { segment: "Paris", enabled: true, value: '{"slot":"paris","cta":"Voir les manteaux"}' },
    ],
  },
  {
    key: "product_recs_model",
    kind: "text",
    on: all,
    values: ["hybrid-2025-11", "hybrid-2025-11", "hybrid-2025-09", "hybrid-2025-09"],
    tags: ["search", "ml"],
    owner: "Search",
    age: 30 * HOUR,
    overrides: [{ segment: "EU beta testers", enabled: true, value: "hybrid-2025-11" }],
    identities: { u_48213: { enabled: true, value: "hybrid-2025-11" } },
    furtherIdentities: 6,
  },
  {
    key: "loyalty_points_multiplier",
    kind: "number",
    on: all,
    values: same("1"),
    tags: ["pricing", "loyalty"],
    owner: "Loyalty",
    age: 31 * HOUR,
    overrides: [
      { segment: "VIP customers", enabled: true, value: "2" },
      { segment: "Returning customers", enabled: true, value: "1.5" },
    ],
  },
  {
    key: "fraud_score_cutoff",
    kind: "number",
    on: [false, true, true, true],
    values: ["0.5", "0.75", "0.82", "0.82"],
    tags: ["server-side"],
    owner: "Payments",
    age: 32 * HOUR,
    serverOnly: true,
  },
  {
    key: "klarna_pay_later",
    kind: "none",
    on: [true, true, true, false],
    tags: ["checkout", "eu"],
    owner: "Payments",
    age: 3 * DAY,
    overrides: [{ segment: "Klarna countries", enabled: true, value: "" }],
  },
  {
    key: "delivery_slot_picker",
    kind: "none",
    on: beforeProduction,
    tags: ["delivery"],
    owner: "Delivery",
    age: 3 * DAY + HOUR,
    overrides: [{ segment: "VIP customers", enabled: true, value: "" }],
    furtherIdentities: 12,
  },
  {
    key: "black_friday_banner",
    kind: "json",
    on: beforeProduction,
    values: same('{"from":"2026-11-27","tone":"dark"}'),
    tags: ["content", "q4-launch"],
    owner: "Content",
    age: 4 * DAY,
    furtherIdentities: 3,
  },
  {
    key: "stock_low_badge",
    kind: "number",
    on: all,
    values: same("5"),
    tags: ["catalogue"],
    owner: "Catalogue",
    age: 4 * DAY + HOUR,
  },
  {
    key: "address_autocomplete",
    kind: "text",
    on: all,
    values: ["provider-b", "provider-b", "provider-b", "provider-c"],
    tags: ["checkout"],
    owner: "Checkout team",
    age: 7 * DAY,
    overrides: [{ segment: "Paris", enabled: true, value: "provider-c" }],
  },
  {
    key: "returns_self_service",
    kind: "none",
    on: all,
    tags: ["support"],
    owner: "Support",
    age: 7 * DAY + HOUR,
  },
  {
    key: "reviews_ai_summary",
    kind: "none",
    on: beforeProduction,
    tags: ["catalogue", "ml"],
    owner: "Catalogue",
    age: 9 * DAY,
    overrides: [{ segment: "Germany", enabled: true, value: "" }],
    furtherIdentities: 1,
  },
  {
    key: "gift_wrapping",
    kind: "none",
    on: [true, true, true, false],
    tags: ["checkout"],
    owner: "Checkout team",
    age: 9 * DAY + HOUR,
  },
  {
    key: "order_tracking_map",
    kind: "none",
    on: all,
    tags: ["delivery"],
    owner: "Delivery",
    age: 10 * DAY,
    furtherIdentities: 2,
  },
  {
    key: "max_items_per_order",
    kind: "number",
    on: all,
    values: ["999", "40", "40", "40"],
    tags: ["checkout"],
    owner: "Checkout team",
    age: 11 * DAY,
    overrides: [
      { segment: "VIP customers", enabled: true, value: "80" },
      { segment: "Returning customers", enabled: true, value: "60" },
    ],
  },
  {
    key: "cookie_banner_v3",
    kind: "multivariate",
    on: all,
    values: same("control"),
    options: [{ label: "compact", weights: [50, 50, 50, 100] }],
    tags: ["legal", "eu"],
    owner: "Legal",
    age: 14 * DAY,
    overrides: [{ segment: "Germany", enabled: true, value: "compact" }],
  },
  {
    key: "store_pickup",
    kind: "none",
    on: [true, true, true, false],
    tags: ["delivery"],
    owner: "Delivery",
    age: 15 * DAY,
    overrides: [
      { segment: "Berlin", enabled: true, value: "" },
      { segment: "Paris", enabled: true, value: "" },
      { segment: "Slow connections", enabled: true, value: "" },
      { segment: "EU beta testers", enabled: true, value: "" },
    ],
  },
  {
    key: "b2b_net_terms",
    kind: "none",
    on: [true, false, false, false],
    tags: ["b2b"],
    owner: "B2B",
    age: 17 * DAY,
    overrides: [{ segment: "VIP customers", enabled: true, value: "" }],
    furtherIdentities: 6,
  },
  {
    key: "image_cdn_host",
    kind: "text",
    on: all,
    values: ["img-dev", "img-2", "img-2", "img-eu-1"],
    tags: ["platform"],
    owner: "Platform",
    age: 21 * DAY,
  },
];

/** The rest of the 128, by tag. A trailing `=value` gives a value. */
const others: Record<string, string> = {
  account:
    "account_deletion_flow address_book_v2 avatar_upload email_change_confirm household_accounts login_with_passkey magic_link_login profile_completeness_hint session_length_minutes=45 social_login two_factor_reminder username_suggestions",
  catalogue:
    "bundle_offers category_facets_v2 colour_swatches compare_products image_zoom infinite_scroll price_history_hint product_video related_products_count=8 size_guide_overlay sold_out_visibility=last variant_picker_v2 wishlist_sharing",
  checkout:
    "address_validation basket_expiry_hours=72 basket_merge_on_login bnpl_banner coupon_stacking delivery_note_field inline_tax_hint one_click_reorder order_summary_sticky phone_number_optional postcode_first promo_code_autofill",
  content:
    'blog_teasers editorial_grid footer_v4 holiday_theme=none landing_page_cache_seconds=300 lookbook newsletter_modal seo_schema={"organization":true,"breadcrumbs":true} store_locator_map trust_badges usp_bar video_autoplay',
  delivery:
    "carbon_neutral_option courier_choice cutoff_time_hint=16:00 locker_delivery pickup_reminder_sms saturday_delivery shipping_estimate_v2 split_shipments track_by_link",
  loyalty:
    "birthday_voucher loyalty_tiers_v2 points_expiry_notice points_on_reviews referral_bonus=10 tier_progress_bar vip_early_access welcome_gift",
  payments:
    "apple_pay bank_redirects card_scan gift_card_balance invoice_payment payment_retry_limit=3 paypal_express refund_to_wallet sepa_direct_debit strong_auth_exemption",
  platform:
    'api_rate_limit=600 cache_stampede_guard edge_rendering error_sampling=0.1 font_preload image_avif log_level=info maintenance_mode queue_workers=12 region_routing={"eu":"fra","us":"iad"} service_worker trace_sampling=0.05 websocket_stock',
  search:
    "autocomplete_v3 did_you_mean recent_searches search_by_image search_results_per_page=48 synonyms_v2 typo_tolerance=2 voice_search zero_results_rescue",
  support:
    "chat_business_hours chat_widget contact_form_v2 faq_suggestions order_issue_wizard satisfaction_survey support_callback",
};

/** How many flags are on in each environment, all 128 counted. */
const ON_TOTAL: Four<number> = [104, 96, 87, 81];

function kindOf(value: string): ValueKindView {
  if (value.startsWith("{")) return "json";
  return Number.isNaN(Number(value)) ? "text" : "number";
}

/** All 128 flags of the Acme Store. */
export function acmeFlags(): FlagSeed[] {
  const rest = Object.entries(others).flatMap(([tag, names]) =>
    names.split(" ").map((entry) => ({ tag, entry })),
  );
  const missing = ON_TOTAL.map((total, at) => total - named.filter((flag) => flag.on[at]).length);
  const seeds = rest.map(({ tag, entry }, index): FlagSeed => {
    const equals = entry.indexOf("=");
    const key = equals < 0 ? entry : entry.slice(0, equals);
    const value = equals < 0 ? null : entry.slice(equals + 1);
    // 37 has no factor in common with 105, so the off flags are spread over all tags.
    const rank = (index * 37) % rest.length;
    return {
      key,
      kind: value === null ? "none" : kindOf(value),
      on: missing.map((count) => rank < count) as unknown as Four<boolean>,
      values: value === null ? undefined : same(value),
      tags: [tag],
      owner: tag.charAt(0).toUpperCase() + tag.slice(1),
      age: 22 * DAY + index * 19 * HOUR,
    };
  });
  return [...named, ...seeds];
}

const EMOJI = "🚩🏴‍☠️👩🏽‍💻🇩🇪";

/** Flags whose names and values are as long and as odd as a service allows. */
export function longFlags(): FlagSeed[] {
  const word = "a_very_long_flag_name_that_goes_on_and_on_";
  const flag = (key: string, kind: FlagSeed["kind"], value: string): FlagSeed => ({
    key,
    kind,
    on: all,
    values: same(value),
    tags: ["a tag with a name that is much longer than any column", EMOJI, "short"],
    owner: "The department with the longest name of all departments",
    description: "Long sentences wrap. ".repeat(40),
    age: HOUR,
    overrides: [{ segment: "Segment ".repeat(24).trim(), enabled: true, value }],
  });
  return [
    flag(word.repeat(47).slice(0, 1990), "text", "x"),
    flag("twenty_thousand_characters", "text", "0123456789".repeat(2000)),
    flag("twenty_thousand_of_json", "json", JSON.stringify({ text: "y".repeat(19_980) })),
    flag("emoji_value", "text", EMOJI.repeat(200)),
    flag(`emoji_${EMOJI}_in_a_name`, "text", EMOJI),
    flag("markup_in_a_value", "text", "<img src=x onerror=alert(1)> & <b>bold</b>"),
    flag("right_to_left", "text", "مرحبا بالعالم ‮abc‬"),
    flag("line_breaks", "text", "first line\nsecond line\n\n\tindented"),
  ];
}

/** As many flags as asked for, for scrolling and filtering. */
export function manyFlags(count: number): FlagSeed[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `flag_${String(index).padStart(5, "0")}`,
    kind: index % 3 === 0 ? "number" : "none",
    on: same(index % 4 !== 0),
    values: index % 3 === 0 ? same(String(index)) : undefined,
    tags: [`tag-${index % 12}`],
    owner: "Platform",
    age: index * MINUTE,
  }));
}
