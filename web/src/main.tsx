import "antd/dist/reset.css";
import "./app/console.css";

import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ApiProblem } from "./api/client";
import { sessionQuery } from "./api/queries";
import { App } from "./app/App";
import { initialLanguage, PreferencesProvider } from "./app/preferences";
import { startTranslations } from "./i18n";

startTranslations(initialLanguage());

const unpublished = (error: Error | null) => error instanceof ApiProblem && error.code === "nothing_published";

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that has ended shows itself on any request: ask again who is signed in, and the gate does the rest.
    onError: (error, query) => {
      if (query.queryKey[0] !== "session" && error instanceof ApiProblem && error.status === 401) {
        void client.resetQueries({ queryKey: sessionQuery.queryKey });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiProblem && (error.status < 500 || unpublished(error))),
      refetchInterval: ({ state }) => (unpublished(state.error) ? 10_000 : false), // the page fills by itself
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <PreferencesProvider>
        <App />
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);
