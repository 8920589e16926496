import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Input, Popconfirm } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";

import { api } from "../../api/client";
import { previewQuery, reachQuery, segmentQuery, segmentsQuery, tagsQuery } from "../../api/queries";
import { useFrame, useSession, useWords } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { PageHead, Panel } from "../../components/Page";
import { Blank, Failure, Loading } from "../../components/states";
import { day, exact, instant, money, share } from "../../lib/format";
import { complete, type Definition, groupOf, type Known, newDefinition, ruleOf } from "./model";
import { GroupEditor } from "./Rules";
import { Worth } from "./Worth";

const PAUSE_MS = 400; // of typing, before a rule is counted

export default function Segment() {
  const { key } = useParams();
  const isNew = key === "new";
  const list = useQuery(segmentsQuery);
  const tags = useQuery(tagsQuery);
  const detail = useQuery({ ...segmentQuery(key ?? ""), enabled: !isNew });
  const fresh = useMemo(newDefinition, [key]);
  const error = list.error ?? tags.error ?? detail.error;
  if (error) return <Failure error={error} retry={() => void Promise.all([list.refetch(), tags.refetch(), detail.refetch()])} />;
  if (!list.data || !tags.data || (!isNew && !detail.data)) return <Loading />;
  const definition = isNew ? fresh : (detail.data!.definition as Definition);
  const known = { tags: tags.data.tags, list: list.data, own: definition.key };
  return <Editor key={definition.key} start={definition} known={known} origin={detail.data?.segment.origin} isNew={isNew} />;
}

function Editor({ start, known, origin, isNew }: { start: Definition; known: Known; origin?: "file" | "console" | undefined; isNew: boolean }) {
  const { t } = useTranslation();
  const words = useWords();
  const mayEdit = useSession().permissions.includes("edit_segments") && origin !== "file";
  const [definition, setDefinition] = useState(start);
  const settled = useSettled(definition);
  const group = groupOf(definition.rule) ?? { mode: "all" as const, parts: [definition.rule] };
  const name = words(start.name.zh, start.name.en) || t("segments.new");
  return (
    <>
      <PageHead title={name} asOf={known.list.as_of}><Link to="/segments">{t("segments.back")}</Link></PageHead>
      <div className="segment-grid">
        <div className="stack">
          {origin === "file" && <Alert type="info" showIcon title={t("segments.inFile")} />}
          <Panel title={t("segments.rule")} lead={t("segments.ruleLead")}>
            <GroupEditor group={group} change={(next) => setDefinition({ ...definition, rule: ruleOf(next) })} known={known} />
          </Panel>
          {mayEdit && <Save definition={definition} change={setDefinition} isNew={isNew} />}
          {!isNew && <Worth segment={start.key} />}
          {!isNew && <Kept name={start.key} mayEdit={mayEdit} />}
        </div>
        <Answering definition={settled} />
      </div>
    </>
  );
}

/** The value as it was when it had not changed for a moment. */
function useSettled(value: Definition): Definition {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const clock = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(clock);
  }, [value]);
  return settled;
}

function Answering({ definition }: { definition: Definition }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const ready = complete(definition.rule);
  const asked = { ...definition, name: { zh: definition.name.zh || "-", en: definition.name.en || "-" } };
  const query = useQuery({ ...previewQuery(asked), enabled: ready });
  const answer = ready ? query.data : undefined;
  return (
    <div className="stack segment-answer">
      <Panel title={t("segments.live")}>
        <div aria-live="polite">
          {!ready && <Blank>{t("segments.unfinished")}</Blank>}
          {ready && query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
          {ready && !query.error && !answer && <Loading />}
          {answer && !query.error && answer.count !== null && (
            <p style={{ opacity: query.isPlaceholderData ? 0.6 : 1 }}>
              <span className="big num">{exact(answer.count)}</span> {t("segments.ofAll", { share: share(answer.customers ? answer.count / answer.customers : null), n: exact(answer.customers) })}
            </p>
          )}
          {answer?.unseen.map(({ zh, en }) => <Alert key={en} type="warning" showIcon title={words(zh, en)} />)}
          {answer?.nightly && <Alert type="info" showIcon title={t("segments.nightly")} description={t("segments.nightlyWhy")} />}
        </div>
        {answer && <pre className="rule-told">{words(answer.told.zh, answer.told.en)}</pre>}
      </Panel>
      {answer && answer.sample.length > 0 && (
        <Panel title={t("segments.sample")} lead={t("segments.sampleLead")}>
          <DataTable
            label={t("segments.sample")}
            minWidth={340}
            rowKey="customer_id"
            rows={answer.sample}
            columns={[
              { key: "who", title: t("customers.customer"), render: (_, row) => <Link to={`/customers/${row.customer_id}`} className="num">{row.name ?? row.customer_id}</Link> },
              { key: "city", title: t("customers.region"), className: "short", render: (_, row) => row.city ?? "–" },
              { key: "revenue", title: t("customers.revenue"), align: "right", className: "num", render: (_, row) => (row.net_minor === null ? t("customer.amountUnknown") : money(row.net_minor, frame)) },
              { key: "last", title: t("customers.lastOrder"), className: "num", render: (_, row) => day(row.last_order_on) },
            ]}
          />
        </Panel>
      )}
    </div>
  );
}

function Save({ definition, change, isNew }: { definition: Definition; change: (next: Definition) => void; isNew: boolean }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const go = useNavigate();
  const [problem, setProblem] = useState<Error>();
  const { name } = definition;
  const save = async () => {
    const body = { ...definition, name: { zh: name.zh || name.en, en: name.en || name.zh } };
    try {
      await api.PUT("/api/segments/{key}", { params: { path: { key: definition.key } }, body });
      setProblem(undefined);
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "segments" });
      void message.success(t("segments.saved"));
      if (isNew) void go(`/segments/${definition.key}`, { replace: true });
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <Panel title={t("segments.keep")} lead={t("segments.keepLead")}>
      <div className="filters">
        <Input aria-label={t("segments.nameZh")} placeholder={t("segments.nameZh")} maxLength={60} value={name.zh} onChange={(event) => change({ ...definition, name: { ...name, zh: event.target.value } })} style={{ width: 220 }} />
        <Input aria-label={t("segments.nameEn")} placeholder={t("segments.nameEn")} maxLength={60} value={name.en} onChange={(event) => change({ ...definition, name: { ...name, en: event.target.value } })} style={{ width: 220 }} />
        <Button type="primary" disabled={!(name.zh || name.en) || !complete(definition.rule)} onClick={() => void save()}>{t("segments.save")}</Button>
        {!isNew && <Archive name={definition.key} />}
      </div>
      {problem && <Failure error={problem} retry={() => void save()} />}
    </Panel>
  );
}

function Archive({ name }: { name: string }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const go = useNavigate();
  const archive = async () => {
    try {
      await api.DELETE("/api/segments/{key}", { params: { path: { key: name } } });
      await client.invalidateQueries({ queryKey: segmentsQuery.queryKey });
      void go("/segments");
    } catch (error) {
      void message.error((error as Error).message);
    }
  };
  return (
    <Popconfirm title={t("segments.archiveSure")} onConfirm={() => void archive()} okText={t("segments.archive")} cancelText={t("segments.cancel")}>
      <Button>{t("segments.archive")}</Button>
    </Popconfirm>
  );
}

function Kept({ name, mayEdit }: { name: string; mayEdit: boolean }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const client = useQueryClient();
  const detail = useQuery(segmentQuery(name));
  const [asked, setAsked] = useState(false);
  const reach = useQuery({ ...reachQuery(name), enabled: asked });
  const [problem, setProblem] = useState<Error>();
  const freeze = async () => {
    try {
      await api.POST("/api/segments/{key}/freeze", { params: { path: { key: name } } });
      setProblem(undefined);
      await client.invalidateQueries({ queryKey: segmentQuery(name).queryKey });
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <Panel title={t("segments.frozen")} lead={t("segments.frozenLead")} extra={
      <div className="filters">
        <Button onClick={() => setAsked(true)} disabled={asked}>{t("segments.reach")}</Button>
        {mayEdit && <Button onClick={() => void freeze()}>{t("segments.freeze")}</Button>}
      </div>
    }>
      {problem && <Failure error={problem} retry={() => void freeze()} />}
      {reach.error && <Failure error={reach.error} retry={() => void reach.refetch()} />}
      {reach.data && (
        <dl className="facts overlap">
          {reach.data.channels.map(({ channel, customers }) => (
            <div key={channel}><dt>{t("segments.reachOn", { channel: t(`segments.channels.${channel}`, { defaultValue: channel }) })}</dt><dd className="big num">{reach.data!.asked < reach.data!.members ? "≈ " : ""}{exact(customers)}</dd></div>
          ))}
        </dl>
      )}
      {detail.data && detail.data.frozen.length === 0 ? <Blank>{t("segments.noFrozen")}</Blank> : (
        <DataTable
          label={t("segments.frozen")}
          minWidth={420}
          rowKey="snapshot"
          rows={detail.data?.frozen ?? []}
          columns={[
            { key: "day", title: t("segments.frozenOn"), className: "num", render: (_, row) => day(row.as_of) },
            { key: "customers", title: t("segments.size"), align: "right", className: "num", render: (_, row) => exact(row.customers) },
            { key: "at", title: t("segments.frozenAt"), className: "num", render: (_, row) => instant(row.frozen_at, frame) },
            { key: "by", title: t("segments.frozenBy"), dataIndex: "frozen_by" },
          ]}
        />
      )}
    </Panel>
  );
}
