import { Button } from "antd";
import type { TFunction } from "i18next";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Cohort, Overview } from "../../api/types";
import { usePreferences } from "../../app/preferences";
import { useFrame } from "../../app/session";
import { PALETTE } from "../../app/theme";
import { Chart } from "../../components/Chart";
import { Panel } from "../../components/Page";
import { Blank, NotEnough } from "../../components/states";
import { count, month, share } from "../../lib/format";

/** Of the customers who first bought in a month, how many buy again in the months after? */
export function Cohorts({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const [asTable, setAsTable] = useState(false);
  const { cohorts, notes } = overview;
  if (cohorts.length === 0) {
    return (
      <Panel title={t("overview.cohorts")}>
        {notes.cohorts ? <NotEnough note={notes.cohorts} /> : <Blank>{t("overview.noCohorts")}</Blank>}
      </Panel>
    );
  }
  return (
    <Panel
      title={t("overview.cohorts")}
      lead={t("overview.cohortsLead")}
      extra={<Button size="small" onClick={() => setAsTable(!asTable)}>{t(asTable ? "frame.chart" : "frame.table")}</Button>}
    >
      {asTable ? <CohortTable cohorts={cohorts} /> : <CohortHeat cohorts={cohorts} />}
    </Panel>
  );
}

function CohortHeat({ cohorts }: { cohorts: Cohort[] }) {
  const { t } = useTranslation();
  const { theme } = usePreferences();
  const later = useMemo(() => cohorts.filter(({ active }) => active.some(({ month_index }) => month_index > 0)), [cohorts]);
  const option = useMemo(() => heatOption(later, theme, t), [later, theme, t]);
  return <Chart option={option} height={Math.max(190, 22 * later.length + 46)} label={t("overview.cohortsLead")} />;
}

function heatOption(cohorts: Cohort[], theme: "light" | "dark", t: TFunction) {
  const colours = PALETTE[theme];
  const months = lastMonth(cohorts);
  const narrow = window.matchMedia("(max-width: 720px)").matches;
  // Month 0 is 100 % by definition: it would only wash out the colours of the others.
  const cells = cohorts.flatMap((cohort, row) =>
    cohort.active.filter(({ month_index }) => month_index > 0).map((cell) => ({
      value: [cell.month_index - 1, row, cohort.customers ? cell.active / cohort.customers : 0],
      active: cell.active,
      cohort,
    })),
  );
  const highest = Math.max(0.01, ...cells.map(({ value }) => value[2] as number));
  return {
    animation: false,
    grid: { left: 66, right: 4, top: 4, bottom: 24 },
    tooltip: {
      renderMode: "richText",
      confine: true,
      formatter: ({ data }: { data: (typeof cells)[number] }) =>
        t("overview.cohortTip", {
          cohort: month(data.cohort.cohort),
          customers: data.cohort.customers,
          month: (data.value[0] as number) + 1,
          active: data.active,
          share: share(data.value[2] as number),
        }),
    },
    xAxis: {
      type: "category",
      data: Array.from({ length: months }, (_, index) => `+${index + 1}`),
      axisLabel: { color: colours.muted },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: cohorts.map(({ cohort }) => month(cohort)),
      axisLabel: { color: colours.muted },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    visualMap: { show: false, min: 0, max: highest, dimension: 2, inRange: { color: [...colours.heat] } },
    series: [{
      type: "heatmap",
      data: cells.map((cell) => ({ ...cell, label: { color: (cell.value[2] as number) > highest * 0.6 ? colours.heatDark : colours.text } })),
      label: { show: !narrow || months < 9, fontSize: 11, formatter: ({ value }: { value: number[] }) => `${Math.round(value[2]! * 100)}` },
      itemStyle: { borderColor: colours.panel, borderWidth: 2, borderRadius: 3 },
      emphasis: { itemStyle: { borderColor: colours.text } },
    }],
  };
}

function CohortTable({ cohorts }: { cohorts: Cohort[] }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const months = Array.from({ length: lastMonth(cohorts) + 1 }, (_, index) => index);
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={t("overview.cohortsLead")}>
      <table className="plain-table cohort-table num">
        <thead>
          <tr>
            <th scope="col">{t("overview.cohort")}</th>
            <th scope="col">{t("overview.cohortSize")}</th>
            {months.map((index) => <th scope="col" key={index}>+{index}</th>)}
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => (
            <tr key={cohort.cohort}>
              <th scope="row">{month(cohort.cohort)}</th>
              <td>{count(cohort.customers, frame)}</td>
              {months.map((index) => {
                const cell = cohort.active.find(({ month_index }) => month_index === index);
                return <td key={index}>{cell && cohort.customers ? share(cell.active / cohort.customers) : ""}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function lastMonth(cohorts: Cohort[]): number {
  return Math.max(1, ...cohorts.flatMap(({ active }) => active.map(({ month_index }) => month_index)));
}
