// Days, hours and spans as people in Thailand write them. Instants come from the server; the device only lays them out.
import { current, t } from "./texts.js";

const ZONE = "Asia/Bangkok";

/** "22 พฤศจิกายน 2569" (Buddhist Era) or "22 November 2026". */
export function date(iso) {
  const parts = new Intl.DateTimeFormat(current() === "th" ? "th-TH-u-ca-gregory-nu-latn" : "en-GB", {
    timeZone: ZONE, day: "numeric", month: "long", year: "numeric",
  }).formatToParts(new Date(iso));
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${part.day} ${part.month} ${current() === "th" ? Number(part.year) + 543 : part.year}`;
}

/** "13:05 น." or "13:05". */
export function clock(iso, { seconds = false } = {}) {
  const form = { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) };
  const text = new Intl.DateTimeFormat("en-GB", form).format(new Date(iso));
  return current() === "th" && !seconds ? `${text}\u00a0น.` : text;
}

/** Day and hour of something to wait for, rounded up to the minute so that nobody comes too early. */
export function dateTime(iso) {
  const up = new Date(Math.ceil(Date.parse(iso) / 60000) * 60000).toISOString();
  return current() === "th" ? `${date(up)} เวลา ${clock(up)}` : `${date(up)} at ${clock(up)}`;
}

/** Day and hour of something that happened, cut to the minute as a clock shows it. */
export function happened(iso) {
  return current() === "th" ? `${date(iso)} เวลา ${clock(iso)}` : `${date(iso)} at ${clock(iso)}`;
}

/** Day and hour until which something can be done, cut to the minute so that nobody comes too late. */
export const until = happened;

/** "29:05", or "1:29:05" from an hour on. */
export function digits(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${two(minutes)}:${two(whole % 60)}`;
}

/** "1 ชั่วโมง 30 นาที". */
export function minutes(count) {
  const [hours, rest] = [Math.floor(count / 60), count % 60];
  return [hours && t("common.hours", { n: hours }), (rest || !hours) && t("common.minutes", { n: rest })].filter(Boolean).join(" ");
}

/** 85 as "85", 66.666 as "66.67". */
export function percent(value) {
  return String(Math.round(value * 100) / 100);
}
