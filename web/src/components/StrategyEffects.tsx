import { useTranslation } from "react-i18next";

import type { Effect, Strategy } from "../api/types";
import { useFrame, useWords } from "../app/session";
import { between, count, type Frame, money, percent, points, share, signed, signedMoney } from "../lib/format";
import { IntervalPlot } from "./IntervalPlot";

const MONEY_OUTCOMES = new Set(["margin"]);
const SHARE_OUTCOMES = new Set(["repurchase"]);

/** One strategy: what it wants, what it sent, and treated against control on each outcome. */
export function StrategyEffects({ strategy }: { strategy: Strategy }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const contacts = Object.entries(strategy.contacts);
  // Outcomes of one strategy often wait for the same customers: each reason is said once.
  const reasons = [...new Set(strategy.effects.flatMap(({ reason }) => (reason ? [words(reason.zh, reason.en)] : [])))];
  return (
    <article className="strategy">
      <div className="strategy-head">
        <h3>{words(strategy.zh, strategy.en)}</h3>
        <span className="muted">{words(strategy.goal_zh, strategy.goal_en)}</span>
        <span className="muted" style={{ marginLeft: "auto" }}>
          {contacts.map(([state, n]) => `${t(`states.${state}`, { defaultValue: state })} ${count(n, frame)}`).join(" · ")}
        </span>
      </div>
      {strategy.effects.length === 0 && <p className="muted">{t("overview.noEffects")}</p>}
      {strategy.effects.map((effect) => <EffectRow key={effect.metric} effect={effect} />)}
      {reasons.map((reason) => <p className="effect-why" key={reason}>{reason}</p>)}
    </article>
  );
}

function EffectRow({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const { difference, low, high } = effect;
  const known = difference !== null && low !== null && high !== null;
  const tone = toneOf(effect);
  const level = share(effect.level ?? 0.95, 0);
  const interval = known
    ? t("overview.interval", { level, range: changes(effect.metric, low, high, frame) })
    : "";
  const verdict = effect.verdict ?? "too_early";
  return (
    <div className="effect">
      <span>{t(`outcomes.${effect.metric}`, { defaultValue: effect.metric })}</span>
      <span className="effect-arms num">
        {t("overview.treated")} <b>{mean(effect.metric, effect.treated_mean, frame)}</b> · {count(effect.treated_n, frame)}
        <br />
        {t("overview.control")} <b>{mean(effect.metric, effect.control_mean, frame)}</b> · {count(effect.control_n, frame)}
      </span>
      <span className="interval-box">
        {known && <IntervalPlot value={difference} low={low} high={high} tone={tone} label={interval} />}
      </span>
      <span className="effect-size num">
        {known && (
          <>
            <b>{change(effect.metric, difference, frame)}</b>
            <small>{changes(effect.metric, low, high, frame)}</small>
          </>
        )}
      </span>
      <span className={`verdict ${tone}`}>{t(`verdicts.${verdict}`, { defaultValue: verdict })}</span>
    </div>
  );
}

function toneOf({ low, high, verdict }: Effect): "good" | "bad" | "open" {
  if (low === null || high === null || verdict === "too_early") return "open";
  if (verdict === "does_not_pay") return "bad";
  if (low > 0) return "good";
  return high < 0 ? "bad" : "open";
}

function mean(metric: string, value: number | null, frame: Frame): string {
  if (MONEY_OUTCOMES.has(metric)) return money(value, frame);
  return SHARE_OUTCOMES.has(metric) ? share(value) : count(value, frame);
}

/** A change of an outcome, signed, in the outcome's own unit. */
export function change(metric: string, value: number, frame: Frame): string {
  if (SHARE_OUTCOMES.has(metric)) return points(value, frame);
  if (!MONEY_OUTCOMES.has(metric)) return percent(value);
  return signedMoney(value, frame);
}

/** The ends of a change's interval, the unit named once. */
export function changes(metric: string, low: number, high: number, frame: Frame): string {
  const from = SHARE_OUTCOMES.has(metric) ? signed(low * 100, 1) : change(metric, low, frame);
  return between(from, change(metric, high, frame), frame);
}
