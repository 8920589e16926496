import { useTranslation } from "react-i18next";

import type { Metric, Unit } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { Hint } from "../../components/Hint";
import { Sparkline } from "../../components/Sparkline";
import { count, day, type Frame, money, percent, period, points, share } from "../../lib/format";

/** One key figure: value, change on the period before and on the year, course, and its definition. */
export function Kpi({ metric, asOf }: { metric: Metric; asOf: string }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const name = words(metric.zh, metric.en);
  const provisional = metric.final_on !== null && metric.final_on > asOf;
  return (
    <article className="panel kpi" aria-label={name}>
      <div className="kpi-name">
        <span>{name}</span>
        <Hint label={`${name}: ${t("overview.formula")}`}>
          <strong>{t("overview.formula")}</strong>
          <br />
          {words(metric.formula_zh, metric.formula_en)}
          {metric.numerator !== null && metric.denominator !== null && (
            <>
              <br />
              {t("overview.ratio", { numerator: metric.numerator.toLocaleString(), denominator: metric.denominator.toLocaleString() })}
            </>
          )}
          {metric.note && <><br />{metric.note}</>}
        </Hint>
      </div>
      <div className="kpi-main">
        <span className="kpi-value num">{figure(metric.value, metric.unit, frame)}</span>
        <Sparkline values={metric.series.map(({ value }) => value)} label={t("overview.trend", { name, n: metric.series.length })} />
      </div>
      <div className="kpi-deltas num">
        <Delta label={t("overview.previous")} metric={metric} against={metric.previous} />
        <Delta label={t("overview.yearAgo")} metric={metric} against={metric.year_ago} />
      </div>
      <div className="kpi-foot num">
        {period(metric.period_start, metric.period_end)}
        {provisional && ` · ${t("overview.provisional", { day: day(metric.final_on) })}`}
        {metric.changed_on && (
          <> · {t("overview.changed", { day: day(metric.changed_on), was: figure(metric.value_before ?? null, metric.unit, frame) })}</>
        )}
      </div>
    </article>
  );
}

function Delta({ label, metric, against }: { label: string; metric: Metric; against: number | null }) {
  const { t } = useTranslation();
  const frame = useFrame();
  if (metric.value === null || against === null) return <span>{label} {t("overview.noCompare")}</span>;
  const difference = metric.value - against;
  if (metric.unit !== "share" && against === 0) return <span>{label} {t("overview.noCompare")}</span>;
  const change = metric.unit === "share" ? difference : difference / Math.abs(against);
  const text = metric.unit === "share" ? points(change, frame) : percent(change);
  return <span>{label} <span className={`delta ${tone(change, metric.better)}`}>{text}</span></span>;
}

/** A change that is shown as 0.0 is neither good nor bad. */
function tone(difference: number, better: Metric["better"]): string {
  if (Math.abs(difference) < 0.0005 || better === "neither") return "flat";
  return (difference > 0) === (better === "up") ? "good" : "bad";
}

function figure(value: number | null, unit: Unit, frame: Frame): string {
  if (unit === "share") return share(value);
  return unit === "money" ? money(value, frame) : count(value, frame);
}
