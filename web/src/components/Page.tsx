import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useFrame } from "../app/session";
import { day, instant } from "../lib/format";
import { Failure, Loading } from "./states";

/** Title of a page with the moment that its numbers stand for. */
export function PageHead({ title, lead, asOf, publishedAt, children }: {
  title: ReactNode;
  lead?: ReactNode;
  asOf?: string | null | undefined;
  publishedAt?: string | null | undefined;
  children?: ReactNode;
}) {
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
        {children}
      </div>
      {asOf && <AsOf asOf={asOf} publishedAt={publishedAt} />}
    </div>
  );
}

function AsOf({ asOf, publishedAt }: { asOf: string; publishedAt?: string | null | undefined }) {
  const { t } = useTranslation();
  const frame = useFrame();
  return (
    <div className="as-of">
      <strong>{t("frame.asOf", { day: day(asOf) })}</strong>
      {publishedAt && <span>{t("frame.published", { at: instant(publishedAt, frame), zone: frame.zone })}</span>}
    </div>
  );
}

/** A titled part of a page. */
export function Panel({ title, lead, extra, children }: {
  title: string;
  lead?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <div>
          <h2>{title}</h2>
          {lead && <p>{lead}</p>}
        </div>
        {extra}
      </div>
      {children}
    </section>
  );
}

/** The body of a page once its query has an answer; before that a skeleton, after a failure a way to retry. */
export function Answer<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}
