import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

import type { CustomerSearch } from "../../api/queries";

export type SortName = NonNullable<CustomerSearch["sort"]>;
export type LevelName = NonNullable<NonNullable<CustomerSearch["level"]>[number]>;

export interface Search {
  q: string;
  level: LevelName[];
  tag: string[];
  sort: SortName;
  order: "asc" | "desc";
  page: number;
  page_size: number;
}

export const LEVELS: LevelName[] = ["red", "orange", "yellow", "blue", "none"];
const SORTS: SortName[] = ["value_at_risk", "probability", "revenue", "orders", "last_order", "contacts", "id"];

/** The search as it stands in the address, so that it can be bookmarked, shared and gone back to. */
export function useSearch(): { search: Search; change: (change: Partial<Search>) => void } {
  const [parameters, setParameters] = useSearchParams();
  const search = useMemo(() => read(parameters), [parameters]);
  const change = useCallback(
    (change: Partial<Search>) => setParameters((current) => write({ ...read(current), ...change })),
    [setParameters],
  );
  return { search, change };
}

function read(parameters: URLSearchParams): Search {
  const sort = parameters.get("sort") as SortName;
  return {
    q: parameters.get("q") ?? "",
    level: parameters.getAll("level").filter((level): level is LevelName => LEVELS.includes(level as LevelName)),
    tag: parameters.getAll("tag"),
    sort: SORTS.includes(sort) ? sort : "value_at_risk",
    order: parameters.get("order") === "asc" ? "asc" : "desc",
    page: Math.max(1, Number.parseInt(parameters.get("page") ?? "1", 10) || 1),
    page_size: 20,
  };
}

function write(search: Search): URLSearchParams {
  const parameters = new URLSearchParams();
  if (search.q) parameters.set("q", search.q);
  for (const level of search.level) parameters.append("level", level);
  for (const tag of search.tag) parameters.append("tag", tag);
  if (search.sort !== "value_at_risk") parameters.set("sort", search.sort);
  if (search.order === "asc") parameters.set("order", "asc");
  if (search.page > 1) parameters.set("page", String(search.page));
  return parameters;
}
