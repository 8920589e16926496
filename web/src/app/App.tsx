import { App as AntApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { lazy, Suspense } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";

import { Loading } from "../components/states";
import { NotFound } from "../pages/NotFound";
import { usePreferences } from "./preferences";
import { SessionGate } from "./session";
import { Shell } from "./Shell";
import { themeConfig } from "./theme";

const Overview = lazy(() => import("../pages/overview/Overview"));
const Customers = lazy(() => import("../pages/customers/Customers"));
const Customer = lazy(() => import("../pages/customer/Customer"));
const EarlyWarning = lazy(() => import("../pages/warning/EarlyWarning"));
const Segments = lazy(() => import("../pages/segments/Segments"));
const Segment = lazy(() => import("../pages/segments/Segment"));
const Trials = lazy(() => import("../pages/trials/Trials"));
const Trial = lazy(() => import("../pages/trials/Trial"));
const TrialPlanner = lazy(() => import("../pages/trials/Planner"));
const Outreach = lazy(() => import("../pages/Outreach"));
const Data = lazy(() => import("../pages/Data"));
const Simulation = lazy(() => import("../pages/Simulation"));
const Admin = lazy(() => import("../pages/Admin"));

const router = createBrowserRouter([
  {
    element: <Shell />,
    children: [
      { path: "/", element: <Suspense fallback={<Loading />}><Overview /></Suspense> },
      { path: "/customers", element: <Suspense fallback={<Loading />}><Customers /></Suspense> },
      { path: "/customers/:id", element: <Suspense fallback={<Loading />}><Customer /></Suspense> },
      { path: "/warning", element: <Suspense fallback={<Loading />}><EarlyWarning /></Suspense> },
      { path: "/segments", element: <Suspense fallback={<Loading />}><Segments /></Suspense> },
      { path: "/segments/:key", element: <Suspense fallback={<Loading />}><Segment /></Suspense> },
      { path: "/trials", element: <Suspense fallback={<Loading />}><Trials /></Suspense> },
      { path: "/trials/new", element: <Suspense fallback={<Loading />}><TrialPlanner /></Suspense> },
      { path: "/trials/:id", element: <Suspense fallback={<Loading />}><Trial /></Suspense> },
      { path: "/outreach", element: <Suspense fallback={<Loading />}><Outreach /></Suspense> },
      { path: "/data", element: <Suspense fallback={<Loading />}><Data /></Suspense> },
      { path: "/admin", element: <Suspense fallback={<Loading />}><Admin /></Suspense> },
      { path: "/simulation", element: <Suspense fallback={<Loading />}><Simulation /></Suspense> },
      { path: "*", element: <NotFound /> },
    ],
  },
]);

export function App() {
  const { language, theme } = usePreferences();
  return (
    <ConfigProvider theme={themeConfig(theme)} locale={language === "en" ? enUS : zhCN} button={{ autoInsertSpace: false }}>
      <AntApp>
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      </AntApp>
    </ConfigProvider>
  );
}
