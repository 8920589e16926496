/** Numbers and days as a shop reads them: 万/亿 in Chinese, K/M in English, in the shop's currency and zone. */

export interface Frame {
  language: string;
  currency: string;
  exponent: number;
  zone: string;
}

const ABSENT = "–";

export function isChinese(language: string): boolean {
  return language.startsWith("zh");
}

/** A whole number, shortened from ten thousand on. */
export function count(value: number | null | undefined, frame: Frame): string {
  if (value === null || value === undefined) return ABSENT;
  if (!isChinese(frame.language)) {
    return new Intl.NumberFormat("en", value >= 100_000 ? COMPACT : { maximumFractionDigits: 1 }).format(value);
  }
  const [scaled, unit] = chineseScale(value);
  return unit ? `${scaled.toFixed(decimals(scaled))}${unit}` : new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 1 }).format(value);
}

/** A whole number to the last digit: where rows have to add up. */
export function exact(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : value.toLocaleString("en");
}

/** An amount of minor units. */
export function money(minor: number | null | undefined, frame: Frame): string {
  if (minor === null || minor === undefined) return ABSENT;
  const amount = minor / 10 ** frame.exponent;
  const size = Math.abs(amount);
  if (!isChinese(frame.language)) {
    const style = { style: "currency", currency: frame.currency, currencyDisplay: "narrowSymbol" } as const;
    const digits = size >= 100_000 ? COMPACT : { maximumFractionDigits: size >= 1000 ? 0 : frame.exponent };
    return new Intl.NumberFormat("en", { ...style, ...digits }).format(amount);
  }
  const [scaled, unit] = chineseScale(amount);
  const digits = unit ? decimals(scaled) : size >= 1000 ? 0 : frame.exponent;
  const number = new Intl.NumberFormat("zh-CN", {
    style: "currency",
    currency: frame.currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(scaled);
  return number + unit;
}

/** A share between 0 and 1 as a percentage. */
export function share(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? ABSENT : `${(value * 100).toFixed(digits)}%`;
}

/** The change of a share in percentage points, signed. */
export function points(change: number, frame: Frame): string {
  return `${signed(change * 100, 1)} ${isChinese(frame.language) ? "个百分点" : "percentage points"}`;
}

/** A relative change as a signed percentage. */
export function percent(change: number): string {
  return `${signed(change * 100, 1)}%`;
}

/** A change of an amount of minor units, signed. */
export function signedMoney(minor: number, frame: Frame): string {
  return `${sign(Math.round(minor))}${money(Math.abs(minor), frame)}`;
}

/** A number with its sign, that of what is shown: what rounds to nothing is neither more nor less. */
export function signed(value: number, digits: number): string {
  const shown = Math.abs(value).toFixed(digits);
  return `${Number(shown) === 0 ? "±" : sign(value)}${shown}`;
}

/** An interval by its ends, each written already. */
export function between(low: string, high: string, frame: Frame): string {
  return isChinese(frame.language) ? `${low} 至 ${high}` : `${low} to ${high}`;
}

export function sign(value: number): string {
  if (value > 0) return "+";
  return value < 0 ? "−" : "±";
}

/** A shop-local day. */
export function day(iso: string | null | undefined): string {
  return iso ? iso.slice(0, 10) : ABSENT;
}

/** A half-open period: one month as such, anything else by its first and last day. */
export function period(start: string, end: string): string {
  const last = new Date(`${end}T00:00:00Z`);
  const wholeMonth = start.endsWith("-01") && end.endsWith("-01") && last.getTime() - Date.parse(`${start}T00:00:00Z`) < 32 * 86_400_000;
  if (wholeMonth) return month(start);
  last.setUTCDate(last.getUTCDate() - 1);
  return `${day(start)} ~ ${last.toISOString().slice(0, 10)}`;
}

export function month(iso: string): string {
  return iso.slice(0, 7);
}

/** An instant (naive UTC from the API) in the shop's zone. */
export function instant(iso: string | null | undefined, frame: Frame): string {
  if (!iso) return ABSENT;
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: frame.zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return parts.format(new Date(/[Z+]/.test(iso.slice(10)) ? iso : `${iso}Z`));
}

/** Only the time of day of an instant. */
export function timeOfDay(iso: string, frame: Frame): string {
  return instant(iso, frame).slice(11);
}

export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  return value < 60 ? `${value.toFixed(value < 10 ? 2 : 1)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

const COMPACT = { notation: "compact", maximumFractionDigits: 1 } as const;

function chineseScale(value: number): [number, string] {
  const size = Math.abs(value);
  if (size >= 1e8) return [value / 1e8, "亿"];
  if (size >= 1e4) return [value / 1e4, "万"];
  return [value, ""];
}

function decimals(scaled: number): number {
  return Math.abs(scaled) >= 1000 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
}
