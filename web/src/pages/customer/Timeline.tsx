import { useQuery } from "@tanstack/react-query";
import { Pagination } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { timelineQuery } from "../../api/queries";
import type { TimelineEntry } from "../../api/types";
import { useFrame, useKnown, useWords } from "../../app/session";
import { Answer, Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { count, day, type Frame, instant, money, timeOfDay } from "../../lib/format";
import { reasonWords } from "../../lib/reasons";

type Kind = TimelineEntry["kind"];
const KINDS: Kind[] = ["order", "event", "contact", "touch"];

/** Everything that happened to this customer, newest first. */
export function Timeline({ id }: { id: string }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const [kinds, setKinds] = useState<Kind[]>([]);
  const [page, setPage] = useState(1);
  const query = useQuery(timelineQuery(id, { kind: kinds, page, page_size: 30 }));
  const toggle = (kind: Kind) => {
    setKinds(kinds.includes(kind) ? kinds.filter((other) => other !== kind) : [...kinds, kind]);
    setPage(1);
  };
  const counts = query.data?.counts ?? {};
  return (
    <Panel
      title={t("customer.timeline")}
      extra={
        <div className="level-picks" role="group" aria-label={t("customer.filter")}>
          {KINDS.filter((kind) => counts[kind]).map((kind) => (
            <button key={kind} type="button" className="pick" aria-pressed={kinds.includes(kind)} onClick={() => toggle(kind)}>
              {t(`customer.kinds.${kind}`)} <span className="muted num">{count(counts[kind], frame)}</span>
            </button>
          ))}
        </div>
      }
    >
      <Answer query={query}>
        {(timeline) => (
          <>
            {timeline.rows.length === 0 && <Blank>{t("customer.noEvents")}</Blank>}
            <ol className="moments num">
              {timeline.rows.map((entry, index) => (
                <Moment key={`${entry.occurred_at}-${entry.name}-${index}`} entry={entry} sameDay={timeline.rows[index - 1]?.occurred_on === entry.occurred_on} />
              ))}
            </ol>
            {timeline.total > timeline.page_size && (
              <nav aria-label={t("customer.timeline")} style={{ display: "flex", justifyContent: "flex-end", marginTop: 16 }}>
                <Pagination current={page} pageSize={timeline.page_size} total={timeline.total} showSizeChanger={false} responsive onChange={setPage} />
              </nav>
            )}
          </>
        )}
      </Answer>
    </Panel>
  );
}

function Moment({ entry, sameDay }: { entry: TimelineEntry; sameDay: boolean }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const known = useKnown();
  const name = t(`customer.facts.${entry.name}`, { defaultValue: words(entry.words.zh, entry.words.en) });
  const time = entry.has_time ? timeOfDay(entry.occurred_at, frame) : "";
  return (
    <li>
      <time dateTime={entry.occurred_on} style={sameDay ? { textAlign: "right", paddingRight: 8 } : undefined}>{sameDay ? time : entry.has_time ? instant(entry.occurred_at, frame) : day(entry.occurred_on)}</time>
      <span className={`dot ${entry.kind}`} aria-hidden="true"><i /></span>
      <span className="what">
        {name}
        <small>{about(entry, t, known, frame)}</small>
      </span>
      <span className="amount">{entry.amount_minor !== null ? money(entry.amount_minor, frame) : entry.name === "order_paid" && entry.kind === "order" && t("customer.amountUnknown")}</span>
    </li>
  );
}

interface Item {
  name: string | null;
  quantity: number;
}

function about({ detail, channel }: TimelineEntry, t: TFunction, known: ReturnType<typeof useKnown>, frame: Frame): string {
  if (Array.isArray(detail)) {
    return (detail as Item[]).map(({ name, quantity }) => `${name ?? "?"} ${t("customer.quantity", { n: count(quantity, frame) })}`).join(" · ");
  }
  const { product, category, state, reason } = (detail ?? {}) as Record<string, string | null>;
  return [product ?? known(category), state && t(`states.${state}`, { defaultValue: state }), reason && reasonWords(t, reason), known(channel)].filter(Boolean).join(" · ");
}
