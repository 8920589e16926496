import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, payload } from "./client";
import type { components, paths } from "./schema";

export type CustomerSearch = NonNullable<paths["/api/customers"]["get"]["parameters"]["query"]>;
export type SegmentDefinition = components["schemas"]["SegmentDefinition-Input"];
export type TrialRequest = components["schemas"]["TrialRequest"];
export type TimelineSearch = NonNullable<paths["/api/customers/{customer_id}/timeline"]["get"]["parameters"]["query"]>;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => payload(api.GET("/api/session")),
  staleTime: 60_000,
});

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: () => payload(api.GET("/api/overview")),
});

export const valueQuery = queryOptions({
  queryKey: ["value"],
  queryFn: () => payload(api.GET("/api/value")),
});

export const tagsQuery = queryOptions({
  queryKey: ["tags"],
  queryFn: () => payload(api.GET("/api/tags")),
});

export const customersQuery = (query: CustomerSearch) =>
  queryOptions({
    queryKey: ["customers", query],
    queryFn: () => payload(api.GET("/api/customers", { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const customerQuery = (customer_id: string) =>
  queryOptions({
    queryKey: ["customer", customer_id],
    queryFn: () => payload(api.GET("/api/customers/{customer_id}", { params: { path: { customer_id } } })),
  });

export const timelineQuery = (customer_id: string, query: TimelineSearch) =>
  queryOptions({
    queryKey: ["timeline", customer_id, query],
    queryFn: () =>
      payload(api.GET("/api/customers/{customer_id}/timeline", { params: { path: { customer_id }, query } })),
    placeholderData: keepPreviousData,
  });

export const segmentsQuery = queryOptions({
  queryKey: ["segments"],
  queryFn: () => payload(api.GET("/api/segments")),
});

export const segmentQuery = (key: string) =>
  queryOptions({
    queryKey: ["segments", key],
    queryFn: () => payload(api.GET("/api/segments/{key}", { params: { path: { key } } })),
  });

export const reachQuery = (key: string) =>
  queryOptions({
    queryKey: ["segments", key, "reach"],
    queryFn: () => payload(api.GET("/api/segments/{key}/reach", { params: { path: { key } } })),
  });

export const previewQuery = (definition: SegmentDefinition) =>
  queryOptions({
    queryKey: ["segment-preview", definition],
    queryFn: () => payload(api.POST("/api/segments/preview", { body: { definition, sample: 5 } })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const overlapQuery = (keys: string[]) =>
  queryOptions({
    queryKey: ["segments", "overlap", ...keys],
    queryFn: () => payload(api.POST("/api/segments/overlap", { body: { keys } })),
  });

export const trialsQuery = queryOptions({
  queryKey: ["trials"],
  queryFn: () => payload(api.GET("/api/trials")),
});

export const trialQuery = (trial: string) =>
  queryOptions({
    queryKey: ["trials", trial],
    queryFn: () => payload(api.GET("/api/trials/{trial}", { params: { path: { trial } } })),
  });

export const trialPlanQuery = (body: TrialRequest) =>
  queryOptions({
    queryKey: ["trial-plan", body],
    queryFn: () => payload(api.POST("/api/trials/plan", { body })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const outreachQuery = queryOptions({
  queryKey: ["outreach"],
  queryFn: () => payload(api.GET("/api/outreach")),
});

export const dataQuery = queryOptions({
  queryKey: ["data"],
  queryFn: () => payload(api.GET("/api/data")),
});

export const adminQuery = queryOptions({
  queryKey: ["admin"],
  queryFn: () => payload(api.GET("/api/admin")),
});

export const simulationQuery = queryOptions({
  queryKey: ["simulation"],
  queryFn: () => payload(api.GET("/api/simulation")),
});

export const earlyWarningQuery = queryOptions({
  queryKey: ["early-warning"],
  queryFn: () => payload(api.GET("/api/early-warning")),
});
