import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The console is package data of the Python package; `hatch_build.py` names another folder while it builds.
const API = "http://127.0.0.1:8420";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/liuke/app/console/static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Each pattern ends with a slash: `react` alone would match `react-router`, too.
            { name: "charts", test: /node_modules\/(echarts|zrender)\// },
            { name: "antd", test: /node_modules\/(antd|@ant-design|@rc-component|rc-[a-z-]+)\// },
            { name: "react", test: /node_modules\/(react|react-dom|react-router|scheduler|@tanstack)\// },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": API } },
});
