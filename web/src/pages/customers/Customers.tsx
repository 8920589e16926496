import { useQuery } from "@tanstack/react-query";
import { Pagination, type TableColumnsType } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { customersQuery, tagsQuery } from "../../api/queries";
import type { CustomerRow } from "../../api/types";
import { useFrame, useKnown } from "../../app/session";
import { Level } from "../../components/Level";
import { DataTable } from "../../components/DataTable";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { count, day, exact, type Frame, money, share } from "../../lib/format";
import { Filters } from "./Filters";
import { type SortName, useSearch } from "./search";

export default function Customers() {
  const { t } = useTranslation();
  const frame = useFrame();
  const known = useKnown();
  const { search, change } = useSearch();
  const query = useQuery(customersQuery(search));
  const tags = useQuery(tagsQuery);
  return (
    <>
      <PageHead title={t("customers.title")} lead={t("customers.lead")} asOf={query.data?.as_of} />
      <div className="stack">
        <section className="panel" aria-label={t("customers.searchLabel")}>
          <Filters search={search} change={change} tags={tags.data?.tags ?? []} />
        </section>
        <Answer query={query}>
          {(page) => (
            <Panel title={t("customers.found", { n: exact(page.total) })}>
              {page.total === 0 ? <Blank>{t("customers.noneFound")}</Blank> : (
                <>
                  <DataTable<CustomerRow>
                    label={t("customers.title")}
                    minWidth={900}
                    rowKey="customer_id"
                    rows={page.rows}
                    columns={columns(t, known, frame, search.sort, search.order)}
                    loading={query.isPlaceholderData}
                    onChange={(_, __, sorter) => {
                      const { columnKey, order } = Array.isArray(sorter) ? sorter[0]! : sorter;
                      change({ sort: (order ? columnKey : "value_at_risk") as SortName, order: order === "ascend" ? "asc" : "desc", page: 1 });
                    }}
                  />
                  <nav aria-label={t("customers.page")} style={{ display: "flex", justifyContent: "flex-end", marginTop: 16 }}>
                    <Pagination
                      current={page.page}
                      pageSize={page.page_size}
                      total={Math.min(page.total, 5000 * page.page_size)}
                      showSizeChanger={false}
                      responsive
                      onChange={(next) => change({ page: next })}
                    />
                  </nav>
                </>
              )}
            </Panel>
          )}
        </Answer>
      </div>
    </>
  );
}

function columns(t: (key: string) => string, known: ReturnType<typeof useKnown>, frame: Frame, sort: SortName, order: "asc" | "desc"): TableColumnsType<CustomerRow> {
  const sortable = (key: SortName) => ({
    key,
    sorter: true,
    sortDirections: ["descend", "ascend"] as ("descend" | "ascend")[],
    sortOrder: sort === key ? (order === "asc" ? ("ascend" as const) : ("descend" as const)) : null,
  });
  return [
    { key: "customer", title: t("customers.customer"), render: (_, row) => <Who row={row} /> },
    { key: "level", title: t("customers.level"), className: "short", render: (_, row) => <Level level={row.level} /> },
    { ...sortable("probability"), title: t("customers.probability"), align: "right", className: "num", render: (_, row) => share(row.probability) },
    { ...sortable("value_at_risk"), title: t("customers.valueAtRisk"), align: "right", className: "num", render: (_, row) => money(row.value_at_risk_minor, frame) },
    { key: "region", title: t("customers.region"), className: "short", render: (_, row) => [row.province, row.city].filter(Boolean).join(" ") || "–" },
    { key: "tier", title: t("customers.tier"), className: "short", render: (_, row) => known(row.member_tier) ?? "–" },
    { ...sortable("orders"), title: t("customers.orders"), align: "right", className: "num", render: (_, row) => count(row.n_orders, frame) },
    { ...sortable("revenue"), title: t("customers.revenue"), align: "right", className: "num", render: (_, row) => (row.net_minor === null ? t("customer.amountUnknown") : money(row.net_minor, frame)) },
    { ...sortable("last_order"), title: t("customers.lastOrder"), className: "num", render: (_, row) => day(row.last_order_on) },
    { ...sortable("contacts"), title: t("customers.contacts"), align: "right", className: "num", render: (_, row) => count(row.n_contacts, frame) },
  ];
}

function Who({ row }: { row: CustomerRow }) {
  return (
    <>
      <Link to={`/customers/${row.customer_id}`} className="num">{row.name ?? row.customer_id}</Link>
      {(row.name || row.phone) && <div className="muted num" style={{ fontSize: 12 }}>{row.phone ?? row.customer_id}</div>}
    </>
  );
}
