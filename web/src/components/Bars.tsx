import { BarChart } from "echarts/charts";
import { LegendComponent } from "echarts/components";
import { type EChartsCoreOption, use as register } from "echarts/core";

import { Chart } from "./Chart";

register([BarChart, LegendComponent]);

/** A chart of bars; only pages that draw bars load them. */
export function Bars(props: { option: EChartsCoreOption; height: number; label: string }) {
  return <Chart {...props} />;
}
