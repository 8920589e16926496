import type { TFunction } from "i18next";

/** Why a message was held back or failed: words for its key, and the mail server's codes behind them. */
export function reasonWords(t: TFunction, reason: string): string {
  const [key, ...codes] = reason.split(" ");
  const words = t(`held.${key}`, { defaultValue: "" });
  if (!words) return reason;
  return codes.length > 0 ? `${words} (${codes.join(" ")})` : words;
}
