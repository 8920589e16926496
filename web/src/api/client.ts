import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./schema";

/** What every error of the API looks like. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly zh: string = "",
  ) {
    super(message);
  }
}

const problems: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return;
    const body: unknown = await response.clone().json().catch(() => ({}));
    const { code = "http_error", message = response.statusText, hint = "", zh = "" } = body as Record<string, string>;
    throw new ApiProblem(response.status, code, message, hint, zh);
  },
};

export const api = createClient<paths>({
  baseUrl: "/",
  headers: { "X-Liuke-Request": "console" },
  querySerializer: { array: { style: "form", explode: true } },
});
api.use(problems);

/** The payload of an answer; errors have been thrown by the middleware. */
export async function payload<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}
