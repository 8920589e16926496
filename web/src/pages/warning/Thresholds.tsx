import { useTranslation } from "react-i18next";

import type { WarningThreshold } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { Level } from "../../components/Level";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { count, money, share } from "../../lib/format";

/** From where a call or an offer is worth it in each lifecycle stage, and which of its three grounds decided. */
export function Thresholds({ rows }: { rows: WarningThreshold[] }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const kinds = [...new Map(rows.map((row) => [row.level, row])).values()];
  return (
    <Panel title={t("warning.thresholds")} lead={t("warning.thresholdsLead")}>
      {rows.length === 0 ? <Blank>{t("warning.noThresholds")}</Blank> : (
        <>
          {kinds.map((row) => (
            <p className="sentence" key={row.level}>
              <Level level={row.level} />{" "}
              {t(`warning.assumed.${row.level}`, { save: share(row.save_share), cost: money(row.cost_minor, frame), capacity: count(row.capacity, frame) })}
            </p>
          ))}
          <div className="scroll-x" role="group" aria-label={t("warning.thresholds")} tabIndex={0}>
            <table className="plain-table" style={{ minWidth: 640 }}>
              <thead>
                <tr>
                  <th scope="col">{t("warning.stage")}</th>
                  <th scope="col">{t("customers.level")}</th>
                  <th scope="col" className="right">{t("overview.customers")}</th>
                  <th scope="col" className="right">{t("warning.usual")}</th>
                  <th scope="col" className="right">{t("warning.paysFrom")}</th>
                  <th scope="col" className="right">{t("warning.lowest")}</th>
                  <th scope="col">{t("warning.decided")}</th>
                </tr>
              </thead>
              <tbody className="num">
                {rows.map((row) => (
                  <tr key={`${row.stage}-${row.level}`}>
                    <td>{words(row.zh, row.en)}</td>
                    <td><Level level={row.level} /></td>
                    <td className="right">{count(row.customers, frame)} / {count(row.scored, frame)}</td>
                    <td className="right">{share(row.usual_probability)}</td>
                    <td className="right">{row.pays_from === null || row.pays_from > 1 ? t("warning.never") : share(row.pays_from)}</td>
                    <td className="right">{share(row.lowest_probability)}</td>
                    <td>{decided(row)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Panel>
  );

  function decided(row: WarningThreshold): string {
    if (row.at_capacity) return t("warning.byCapacity", { profit: money(row.profit_from_minor, frame) });
    if (row.pays_from === null || row.pays_from > row.usual_probability) return t("warning.byProfit", { margin: money(row.margin_minor, frame) });
    return t("warning.byUsual");
  }
}
