import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { WarnedWeek } from "../../api/types";
import { usePreferences } from "../../app/preferences";
import { useFrame } from "../../app/session";
import { PALETTE } from "../../app/theme";
import { Bars } from "../../components/Bars";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { count, day, share } from "../../lib/format";

/** Past weeks warned again with what was known then: chart and table of the same numbers. */
export function Backtest({ weeks, asOf }: { weeks: WarnedWeek[]; asOf: string | null }) {
  const { t } = useTranslation();
  const frame = useFrame();
  if (weeks.length === 0) {
    return <Panel title={t("warning.backtest")}><Blank>{t("warning.noBacktest")}</Blank></Panel>;
  }
  const horizon = weeks[0]!.horizon_days;
  return (
    <Panel title={t("warning.backtest")} lead={t("warning.backtestLead", { day: day(asOf), horizon })}>
      <p className="sentence">{summary(weeks)}</p>
      <Chart weeks={weeks} />
      <div className="scroll-x" role="group" aria-label={t("warning.backtest")} tabIndex={0}>
        <table className="plain-table" style={{ minWidth: 760 }}>
          <thead>
            <tr>
              {["week", "scored", "warned", "hits", "left", "reached", "missed", "early", "lead"].map((name, index) => (
                <th scope="col" key={name} className={index === 0 ? undefined : "right"}>{t(`warning.columns.${name}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody className="num">
            {weeks.map((week) => (
              <tr key={week.week}>
                <th scope="row">{day(week.week)}</th>
                <td className="right">{count(week.scored, frame)}</td>
                <td className="right">{count(week.warned, frame)}</td>
                <td className="right">{count(week.warned_churned, frame)} ({share(ratio(week.warned_churned, week.warned), 0)})</td>
                <td className="right">{count(week.churned, frame)} ({share(ratio(week.churned, week.scored), 0)})</td>
                <td className="right">{share(ratio(week.warned_churned, week.churned), 0)}</td>
                <td className="right">{count(week.missed, frame)} ({count(week.missed_paying, frame)})</td>
                <td className="right">{count(week.in_time, frame)} / {count(week.first_warned, frame)}</td>
                <td className="right">{week.lead_days_median === null ? "–" : week.lead_days_median.toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted">{t("warning.backtestFoot")}</p>
    </Panel>
  );

  function summary(rows: WarnedWeek[]): string {
    const sum = (pick: (week: WarnedWeek) => number | null) => rows.reduce((total, week) => total + (pick(week) ?? 0), 0);
    return t("warning.summary", {
      precision: share(ratio(sum((week) => week.warned_churned), sum((week) => week.warned)), 0),
      base: share(ratio(sum((week) => week.churned), sum((week) => week.scored)), 0),
      recall: share(ratio(sum((week) => week.warned_churned), sum((week) => week.churned)), 0),
      early: share(ratio(sum((week) => week.in_time), sum((week) => week.first_warned)), 0),
    });
  }
}

function Chart({ weeks }: { weeks: WarnedWeek[] }) {
  const { t } = useTranslation();
  const { theme } = usePreferences();
  const option = useMemo(() => {
    const colours = PALETTE[theme];
    const bar = (name: string, color: string, values: number[]) => ({ name: t(name), type: "bar", stack: "left", barMaxWidth: 34, itemStyle: { color }, data: values });
    return {
      animation: false,
      grid: { left: 44, right: 8, top: 34, bottom: 26 },
      legend: { top: 0, left: 0, textStyle: { color: colours.text }, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true },
      xAxis: { type: "category", data: weeks.map(({ week }) => day(week).slice(5)), axisLabel: { color: colours.muted }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: colours.muted }, splitLine: { lineStyle: { color: colours.line } } },
      series: [
        bar("warning.bars.warned", colours.orange, weeks.map((week) => week.warned_churned ?? 0)),
        bar("warning.bars.yellow", colours.yellow, weeks.map((week) => week.yellow_churned ?? 0)),
        bar("warning.bars.blue", colours.blue, weeks.map((week) => Math.max((week.churned ?? 0) - (week.warned_churned ?? 0) - (week.yellow_churned ?? 0), 0))),
      ],
    };
  }, [weeks, theme, t]);
  return <Bars option={option} height={220} label={t("warning.chart")} />;
}

function ratio(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : part / whole;
}
