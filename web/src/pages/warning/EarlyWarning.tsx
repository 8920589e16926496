import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { earlyWarningQuery } from "../../api/queries";
import type { EarlyWarning as Warning } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { Hint } from "../../components/Hint";
import { Level } from "../../components/Level";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank, NotEnough } from "../../components/states";
import { count, money, period, share } from "../../lib/format";
import { Backtest } from "./Backtest";
import { Thresholds } from "./Thresholds";

/** Who is drifting away now, from where a contact is worth it, and how past warnings came out. */
export default function EarlyWarning() {
  const { t } = useTranslation();
  const query = useQuery(earlyWarningQuery);
  return (
    <>
      <PageHead title={t("warning.title")} lead={t("warning.lead")} asOf={query.data?.as_of} />
      <Answer query={query}>
        {(warning) => warning.levels.length === 0 ? (
          <Panel title={t("warning.levels")}>
            {warning.note ? <NotEnough note={warning.note} /> : <Blank>{t("overview.noRisk")}</Blank>}
          </Panel>
        ) : (
          <div className="stack">
            <div className="grid split">
              <Levels warning={warning} />
              <Thresholds rows={warning.thresholds} />
            </div>
            {warning.intervened && <InTime told={warning.intervened} />}
            <Backtest weeks={warning.backtest} asOf={warning.backtest_as_of} />
            <div className="grid split">
              <Reasons warning={warning} />
              <Declines warning={warning} />
            </div>
          </div>
        )}
      </Answer>
    </>
  );
}

/** Of those who left, the share that was contacted in time: acting, not only warning. */
function InTime({ told }: { told: NonNullable<Warning["intervened"]> }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const name = words(told.zh, told.en);
  const [noteZh, noteEn] = (told.note ?? "").split(" / ");
  return (
    <Panel title={name} lead={period(told.period_start, told.period_end)}>
      <p className="num">
        <strong>{told.value === null ? t("warning.notKnown") : share(told.value)}</strong>{" "}
        {told.value !== null && t("warning.inTimeOf", { n: count(told.numerator, frame), of: count(told.denominator, frame) })}
        {told.note && words(noteZh, noteEn ?? noteZh)}{" "}
        <Hint label={`${name}: ${t("overview.formula")}`}>{words(told.formula_zh, told.formula_en)}</Hint>
      </p>
      {told.held_back !== null && (
        <p className="muted num">{t("warning.apart", { held: count(told.held_back, frame), graduated: count(told.graduated, frame) })}</p>
      )}
    </Panel>
  );
}

function Levels({ warning }: { warning: Warning }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const graduated = warning.levels.reduce((sum, row) => sum + row.graduated, 0);
  const lifted = warning.levels.reduce((sum, row) => sum + row.lifted, 0);
  return (
    <Panel title={t("warning.levels")} lead={t("warning.levelsLead")}>
      <div className="scroll-x" role="group" aria-label={t("warning.levels")} tabIndex={0}>
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t("customers.level")}</th>
              <th scope="col" className="right">{t("overview.customers")}</th>
              <th scope="col" className="right">{t("overview.valueAtRisk")}</th>
              <th scope="col" className="right">
                {t("warning.profit")} <Hint label={`${t("warning.profit")}: ${t("overview.formula")}`}>{t("warning.profitTip")}</Hint>
              </th>
            </tr>
          </thead>
          <tbody className="num">
            {warning.levels.map((row) => (
              <tr key={row.level}>
                <td><Link to={`/customers?level=${row.level}`}><Level level={row.level} /></Link></td>
                <td className="right">{count(row.customers, frame)}</td>
                <td className="right">{money(row.value_at_risk_minor, frame)}</td>
                <td className="right">{row.level === "red" || row.level === "orange" ? money(row.expected_profit_minor, frame) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted">{t("warning.lifted", { n: count(lifted, frame) })} {t("warning.graduated", { n: count(graduated, frame) })}</p>
    </Panel>
  );
}

function Reasons({ warning }: { warning: Warning }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const all = warning.reasons.reduce((sum, { customers }) => sum + customers, 0);
  return (
    <Panel title={t("warning.reasons")} lead={t("warning.reasonsLead")}>
      {all === 0 ? <Blank>{t("warning.noReasons")}</Blank> : (
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t("warning.reason")}</th>
              <th scope="col" className="right">{t("overview.customers")}</th>
              <th scope="col" className="right">{t("overview.share")}</th>
            </tr>
          </thead>
          <tbody className="num">
            {warning.reasons.map((row) => (
              <tr key={row.family}>
                <td>{words(row.zh, row.en)}</td>
                <td className="right">{count(row.customers, frame)}</td>
                <td className="right">{share(row.customers / all)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Declines({ warning }: { warning: Warning }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  return (
    <Panel title={t("warning.declines")} lead={t("warning.declinesLead")}>
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">{t("warning.behaviour")}</th>
            <th scope="col" className="right">{t("warning.fading")}</th>
            <th scope="col" className="right">{t("warning.checked")}</th>
            <th scope="col" className="right">{t("frame.notEnough")}</th>
          </tr>
        </thead>
        <tbody className="num">
          {warning.detectors.map((row) => (
            <tr key={row.behaviour}>
              <td>{words(row.zh, row.en)}</td>
              <td className="right">{row.checked > 0 ? count(row.fading, frame) : "–"}</td>
              <td className="right">{count(row.checked, frame)}</td>
              <td className="right">{count(row.customers - row.checked, frame)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {warning.fading.length === 0 ? <Blank>{t("warning.nobodyFades")}</Blank> : (
        <DataTable
          label={t("warning.fadingCustomers")}
          minWidth={520}
          pageSize={8}
          rowKey="customer_id"
          rows={warning.fading}
          columns={[
            { key: "customer", title: t("warning.customer"), render: (_, row) => <Link to={`/customers/${row.customer_id}`}>{row.customer_id}</Link> },
            { key: "level", title: t("customers.level"), render: (_, row) => <Level level={row.level} /> },
            { key: "what", title: t("warning.what"), render: (_, row) => words(row.zh, row.en) },
          ]}
        />
      )}
    </Panel>
  );
}
