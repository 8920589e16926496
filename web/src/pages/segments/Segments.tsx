import { useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";

import { overlapQuery, segmentsQuery } from "../../api/queries";
import { useSession, useWords } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank, Failure, SetAside } from "../../components/states";
import { exact, share } from "../../lib/format";
import type { SegmentList } from "./model";

export default function Segments() {
  const { t } = useTranslation();
  const query = useQuery(segmentsQuery);
  const go = useNavigate();
  const mayEdit = useSession().permissions.includes("edit_segments");
  return (
    <>
      <PageHead title={t("segments.title")} lead={t("segments.lead")} asOf={query.data?.as_of} />
      <Answer query={query}>
        {(list) => (
          <div className="stack">
            <SetAside found={list.aside} />
            <Panel title={t("segments.list")} lead={t("segments.listLead")} extra={<Button type="primary" onClick={() => void go("/segments/new")}>{t(mayEdit ? "segments.create" : "segments.explore")}</Button>}>
              {list.segments.length === 0 ? <Blank>{t("segments.none")}</Blank> : <Rows list={list} />}
            </Panel>
            {list.segments.length > 1 && <Overlap list={list} />}
          </div>
        )}
      </Answer>
    </>
  );
}

function Rows({ list }: { list: SegmentList }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <DataTable
      label={t("segments.list")}
      minWidth={760}
      rowKey="key"
      rows={list.segments}
      columns={[
        { key: "name", title: t("segments.name"), render: (_, row) => <Link to={`/segments/${row.key}`}>{words(row.name.zh, row.name.en)}</Link> },
        { key: "told", title: t("segments.rule"), render: (_, row) => <pre className="rule-told">{words(row.told.zh, row.told.en)}</pre> },
        { key: "size", title: t("segments.size"), align: "right", className: "num", render: (_, row) => (row.size ? exact(row.size.customers) : t("segments.pending")) },
        { key: "moves", title: t("segments.moves"), align: "right", className: "num", render: (_, row) => (row.size && row.size.because === "data" ? `+${exact(row.size.entered)} / −${exact(row.size.left)}` : "–") },
        { key: "origin", title: t("segments.origin"), render: (_, row) => t(`segments.origins.${row.origin}`) },
      ]}
    />
  );
}

function Overlap({ list }: { list: SegmentList }) {
  const { t } = useTranslation();
  const words = useWords();
  const [left, setLeft] = useState(list.segments[0]!.key);
  const [right, setRight] = useState(list.segments[1]!.key);
  const query = useQuery({ ...overlapQuery([left, right]), enabled: left !== right });
  const options = list.segments.map(({ key, name }) => ({ value: key, label: words(name.zh, name.en) }));
  const size = (a: string, b: string) => query.data?.cells.find((cell) => cell.left === a && cell.right === b)?.customers;
  const [one, two, both] = [size(left, left), size(right, right), size(left, right)];
  return (
    <Panel title={t("segments.overlap")} lead={t("segments.overlapLead")}>
      <div className="filters">
        <Select aria-label={t("segments.left")} value={left} options={options} onChange={setLeft} style={{ width: 240 }} />
        <Select aria-label={t("segments.right")} value={right} options={options} onChange={setRight} style={{ width: 240 }} />
      </div>
      {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
      {one !== undefined && two !== undefined && both !== undefined && (
        <dl className="facts overlap">
          <div><dt>{t("segments.onlyLeft")}</dt><dd className="big num">{exact(one - both)}</dd></div>
          <div><dt>{t("segments.both")}</dt><dd className="big num">{exact(both)}</dd></div>
          <div><dt>{t("segments.onlyRight")}</dt><dd className="big num">{exact(two - both)}</dd></div>
          <div><dt>{t("segments.jaccard")}</dt><dd className="big num">{share(one + two - both ? both / (one + two - both) : null)}</dd></div>
        </dl>
      )}
    </Panel>
  );
}
