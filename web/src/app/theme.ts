import { theme as antd, type ThemeConfig } from "antd";

export type ThemeName = "light" | "dark";

const FONT =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Helvetica Neue", sans-serif';

/** Every text colour reaches 4.5:1 on every background it stands on (WCAG AA); Ant Design's default greys do not. */
export function themeConfig(name: ThemeName): ThemeConfig {
  const dark = name === "dark";
  return {
    algorithm: dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      fontFamily: FONT,
      borderRadius: 8,
      colorPrimary: dark ? "#2fb5a6" : "#0b6e69",
      colorLink: dark ? "#5fd0c3" : "#0b6e69",
      colorInfo: dark ? "#5fd0c3" : "#0b6e69",
      colorInfoBg: dark ? "#14292a" : "#e3f1ef",
      colorInfoBorder: dark ? "#24504c" : "#b9dcd8",
      colorError: dark ? "#ff8f84" : "#b42318",
      colorErrorBg: dark ? "#2f1614" : "#fdeceb",
      colorErrorBorder: dark ? "#6b2b26" : "#f3c1bc",
      colorBgLayout: dark ? "#0e1416" : "#f4f6f7",
      colorBgContainer: dark ? "#161e21" : "#ffffff",
      colorBgElevated: dark ? "#1d272a" : "#ffffff",
      colorText: dark ? "#e6ecec" : "#17252a",
      colorTextSecondary: dark ? "#a9b7b9" : "#51636a",
      colorTextTertiary: dark ? "#9aa9ab" : "#5b6b72",
      colorTextDescription: dark ? "#a9b7b9" : "#51636a",
      colorTextPlaceholder: dark ? "#93a3a6" : "#5f7077",
      colorTextDisabled: dark ? "#8b9b9e" : "#66767d",
      colorBorderSecondary: dark ? "#263135" : "#e6eaec",
      colorBorder: dark ? "#3a474b" : "#cdd5d8",
      motion: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    },
    components: {
      Table: { headerBg: dark ? "#1a2427" : "#f7f9fa", headerColor: dark ? "#a9b7b9" : "#51636a", cellPaddingInlineMD: 14 },
      Card: { headerFontSize: 15 },
      Button: dark ? { primaryColor: "#06211e", dangerColor: "#2b0906" } : {},
    },
  };
}

/** Colours of charts and of the shell, as CSS variables on the root element. */
export const PALETTE = {
  light: {
    brand: "#0b6e69", soft: "#e3f1ef", text: "#17252a", muted: "#51636a", line: "#e6eaec", panel: "#ffffff", page: "#f4f6f7",
    good: "#0b7a3e", bad: "#b42318", heat: ["#eef6f5", "#9fd0c9", "#3f9f95", "#0b6e69"], heatDark: "#ffffff",
    red: "#c8372d", orange: "#e07b16", yellow: "#e2b71b", blue: "#3d7fc4", none: "#9aa7ad",
  },
  dark: {
    brand: "#2fb5a6", soft: "#17322f", text: "#e6ecec", muted: "#a9b7b9", line: "#263135", panel: "#161e21", page: "#0e1416",
    good: "#5fd38c", bad: "#ff8f84", heat: ["#1a2729", "#1f4f4b", "#26857b", "#4fd0bf"], heatDark: "#06211e",
    red: "#e5645a", orange: "#ef9a45", yellow: "#ecc94b", blue: "#6aa6e0", none: "#6f7f84",
  },
} as const;

export function applyPalette(name: ThemeName): void {
  const root = document.documentElement;
  root.dataset.theme = name;
  root.style.colorScheme = name;
  for (const [key, value] of Object.entries(PALETTE[name])) {
    if (typeof value === "string") root.style.setProperty(`--${key}`, value);
  }
}
